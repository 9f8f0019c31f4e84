"""A Terraform backend with any partial configuration, in every library.

The typed backends of the libraries insist on credentials, which would land in the file; here the
settings are written as they are, and credentials come from the variables Terraform reads itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from penstock_cdktf.compat import TerraformBackend, TerraformStack
from penstock_cdktf.document import JsonValue
from penstock_cdktf.errors import AppError
from penstock_cdktf.resources import literal


class RawBackend(TerraformBackend):
    """The one backend of a stack; a stack without one would get an absolute local path."""

    def __init__(self, scope: TerraformStack, kind: str, settings: Mapping[str, JsonValue]) -> None:
        super().__init__(scope, "backend", kind)
        self._kind = kind
        self._settings = literal(settings)

    def to_terraform(self) -> dict[str, JsonValue]:
        """Returns the `terraform.backend` block; the CDK library calls this."""
        return {"terraform": {"backend": {self._kind: self._settings}}}

    def get_remote_state_data_source(
        self,
        scope: TerraformStack,  # noqa: ARG002  # the signature in cdktf
        name: str,
        from_stack: str,
    ) -> object:
        """Refuses: stacks here are whole environments, and those know nothing of each other."""
        raise AppError(
            f"Stack {from_stack} would read values out of another environment's state ({name}). "
            "Environments share content through Git and locks, never through state."
        )
