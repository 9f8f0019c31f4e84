"""What is asked of a secret manager, and the protocol that each of them follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A version of a secret; what was not given is empty. Nothing of it is secret."""

    secret: str
    version: str = ""
    project: str = ""
    region: str = ""
    vault: str = ""
    endpoint: str = ""

    @property
    def name(self) -> str:
        """For sentences."""
        return f"secret {self.secret}"


class SecretManager(Protocol):
    """A module of this package."""

    TITLE: str
    """Its name for people."""
    NEEDS: tuple[str, ...]
    """Attributes that must be given."""
    TAKES: tuple[str, ...]
    """Attributes that may be given."""

    def read(self, asked: Asked, environment: Environment) -> str:
        """The value, by credentials from the environment. Raises ``Failure``."""
        ...
