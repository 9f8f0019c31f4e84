"""Synthesises Terraform from flow files and promotes what dev has proven.

Importing this package is cheap: the CDK library (and Node with it) is loaded by
`penstock_cdktf.compat` only, when a stack is synthesised.
"""

__version__ = "0.1.0"
