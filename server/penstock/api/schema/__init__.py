"""The shapes of answers, as OpenAPI knows them.

They are written down rather than derived: answers are plain JSON values for speed, and models
that exist only to be documented would cost memory in every server. A test holds real answers
against them.
"""

from __future__ import annotations

from penstock.api.schema import (
    access,
    audit,
    declared,
    execution,
    objectset,
    problem,
    terraform_state,
    trigger,
)
from penstock.api.shape import Schema

COMPONENTS: dict[str, Schema] = {
    **problem.COMPONENTS,
    **declared.COMPONENTS,
    **objectset.COMPONENTS,
    **execution.COMPONENTS,
    **trigger.COMPONENTS,
    **audit.COMPONENTS,
    **access.COMPONENTS,
    **terraform_state.COMPONENTS,
}
