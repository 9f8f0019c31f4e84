"""The family of errors that reach a user.

Each carries what an API answer needs: a status, a stable code, one sentence, and the
problems that point at places in what the user sent. They are raised low and turned into
problem+json, an exit code or a Terraform diagnostic once, at the door.

    PenstockError
    ├── InvalidObject        422  something in the body does not hold
    │   ├── InvalidInputs    422  an execution's inputs
    │   └── ExecutionBlocked 422  a flow's checks do not let it start
    ├── NotFound             404
    │   └── UnknownTenant    404  no such tenant, or none for this token
    ├── Conflict             409
    │   ├── InUse            409  something else still needs it
    │   ├── ForeignOwner     409  another owner declares it
    │   └── FlowDisabled     409
    ├── Locked               423  somebody holds the lock
    ├── SwitchedOff          405  a setting of the server does not allow it
    ├── PreconditionFailed   412  a lost If-Match race
    ├── BodyTooLarge         413
    ├── Unauthenticated      401
    ├── Forbidden            403
    ├── RateLimited          429
    └── Unavailable          503  not now; the same call may go through later
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.model.frozen import Json
    from penstock.model.problem import Problem


class PenstockError(Exception):
    """Something that the user can act on, said in a sentence."""

    status = 500
    code = "internal"
    title = "Internal error"

    def __init__(
        self, message: str, *, problems: Sequence[Problem] = (), hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)
        self.hint = hint


class InvalidObject(PenstockError):
    """A declared object does not hold; ``problems`` say where and why."""

    status = 422
    code = "invalid-object"
    title = "Invalid object"


class InvalidInputs(InvalidObject):
    """The inputs of an execution do not fit the flow's declared inputs."""

    code = "invalid-inputs"
    title = "Invalid inputs"


class ExecutionBlocked(InvalidObject):
    """A check of the flow does not hold, so there is no execution; ``problems`` say which."""

    code = "execution-blocked"
    title = "Execution blocked"


class NotFound(PenstockError):
    """No such object in this tenant."""

    status = 404
    code = "not-found"
    title = "Not found"


class UnknownTenant(NotFound):
    """No such tenant, or none that this token reaches: which of the two is not said."""

    code = "unknown-tenant"


class Conflict(PenstockError):
    """The object's present state does not allow the call."""

    status = 409
    code = "conflict"
    title = "Conflict"


class InUse(Conflict):
    """Something else needs the object; ``problems`` name the users."""

    code = "in-use"
    title = "Still in use"


class ForeignOwner(Conflict):
    """Another owner declares the object."""

    code = "foreign-owner"
    title = "Declared by another owner"


class FlowDisabled(Conflict):
    """The flow is disabled and cannot be executed."""

    code = "flow-disabled"
    title = "Flow is disabled"


class Locked(PenstockError):
    """Somebody else holds the lock; `lock` is what they said of themselves."""

    status = 423
    code = "locked"
    title = "Locked"

    def __init__(self, message: str, *, lock: dict[str, Json], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.lock = lock


class SwitchedOff(PenstockError):
    """A part of the server that its settings switch off."""

    status = 405
    code = "switched-off"
    title = "Switched off"


class PreconditionFailed(PenstockError):
    """The object changed since the caller read it."""

    status = 412
    code = "precondition-failed"
    title = "Precondition failed"


class BodyTooLarge(PenstockError):
    """The request's body is over the limit."""

    status = 413
    code = "body-too-large"
    title = "Body too large"


class Unauthenticated(PenstockError):
    """No token, or one that is not known, expired or revoked."""

    status = 401
    code = "unauthenticated"
    title = "Not authenticated"


class Forbidden(PenstockError):
    """The token's owner may not do this."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class RateLimited(PenstockError):
    """Too many calls; come back in `retry_after` seconds."""

    status = 429
    code = "rate-limited"
    title = "Too many requests"

    def __init__(self, message: str, *, hint: str | None = None, retry_after: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class Unavailable(PenstockError):
    """The server cannot take this now (starting, stopping, storage busy)."""

    status = 503
    code = "unavailable"
    title = "Unavailable"
