"""Everything that the app may refuse, each as a sentence for the person who reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding in one file: where, what, and how to mend it."""

    at: Position
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.at}: {self.message}" + (f" {self.hint}" if self.hint else "")


class AppError(Exception):
    """The app cannot go on; the text is a sentence for the user."""


class InvalidFileError(AppError):
    """One or more files are wrong; `problems` holds every finding, in order of place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class GitError(AppError):
    """Git could not answer, or holds something else than what was asked for."""


class LockError(AppError):
    """A lock file and Git disagree."""


class ServerError(AppError):
    """A Penstock server could not be asked, or refused."""


class TerraformError(AppError):
    """Terraform is missing or failed."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Returns the known name closest to `word`, or None when none resembles it."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Returns the hint for an unknown name: the nearest one, else all of them."""
    close = nearest(word, known)
    return f"Did you mean `{close}`?" if close else f"Known here: {', '.join(sorted(known))}."
