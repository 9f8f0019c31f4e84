"""What is deployed where: every declared object of every environment's server, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from penstock_cdktf.document import JsonValue
from penstock_cdktf.environment import Environment
from penstock_cdktf.errors import ServerError
from penstock_cdktf.server import Client, Deployed

KINDS = ("namespace", "secret", "kv", "file", "flow", "schedule", "test")
_UNKNOWN = "?"
_ABSENT = "-"
_WORDS = {True: "same", False: "differs", None: _UNKNOWN}


@dataclass(frozen=True, slots=True)
class Matrix:
    """Objects by reference (``flow/shop.analytics/load``), then by environment.

    An environment whose server could not be asked is in `notes` and in none of the rows.
    """

    environments: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Deployed]]
    asked: frozenset[str]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 when a server could not be asked, 2 when some content differs, else 0."""
        if self.notes:
            return 1
        return 0 if all(self.is_same(ref) for ref in self.rows) else 2

    def is_same(self, ref: str) -> bool | None:
        """Whether all environments have the object with one content; None when one is unknown."""
        found = self.rows[ref]
        if len({one.content_hash for one in found.values()}) > 1 or self.asked - found.keys():
            return False
        return True if self.asked == {*self.environments} else None


def read_matrix(
    environments: Sequence[Environment],
    environ: Mapping[str, str],
    *,
    kinds: Sequence[str] = KINDS,
    select: Sequence[str] = (),
) -> Matrix:
    """Asks every environment's server for what is declared there.

    Args:
        environments: whose servers.
        environ: where the tokens are.
        kinds: kinds of objects to look at.
        select: patterns of `namespace` or `namespace/id`, such as `shop.*`; all without any.
    """
    rows: dict[str, dict[str, Deployed]] = {}
    notes: list[str] = []
    asked: set[str] = set()
    for environment in environments:
        try:
            deployed = Client.of(environment, environ).deployed(kinds)
        except ServerError as error:
            notes.append(str(error))
            continue
        asked.add(environment.name)
        for ref, one in deployed.items():
            if _is_selected(ref, select):
                rows.setdefault(ref, {})[environment.name] = one
    names = tuple(environment.name for environment in environments)
    return Matrix(names, dict(sorted(rows.items())), frozenset(asked), tuple(notes))


def _is_selected(ref: str, select: Sequence[str]) -> bool:
    _, _, name = ref.partition("/")
    namespace = name.partition("/")[0]
    return not select or any(
        fnmatchcase(name, one) or fnmatchcase(namespace, one) for one in select
    )


def matrix_text(matrix: Matrix) -> str:
    """The matrix for a terminal: hash, commit, time and who, and whether all have the same."""
    lines = [["object", "", *matrix.environments]]
    for ref in matrix.rows:
        cells = [_cell(matrix, ref, name) for name in matrix.environments]
        lines.append([ref, _WORDS[matrix.is_same(ref)], *cells])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([*table, *matrix.notes])


def _cell(matrix: Matrix, ref: str, environment: str) -> str:
    if environment not in matrix.asked:
        return _UNKNOWN
    one = matrix.rows[ref].get(environment)
    if one is None:
        return _ABSENT
    commit = f"{(one.commit or _UNKNOWN)[:8]}{'+' if one.dirty else ''}"
    minute = one.at[:16].replace("T", " ")
    return f"{one.content_hash[:12]} {commit:<8} {minute} {one.actor or _UNKNOWN}"


def matrix_json(matrix: Matrix) -> JsonValue:
    """The matrix as JSON; an environment without the object is null, an unknown one left out."""
    objects: list[JsonValue] = []
    for ref, found in matrix.rows.items():
        cells: dict[str, JsonValue] = {
            name: found[name].to_json() if name in found else None
            for name in matrix.environments
            if name in matrix.asked
        }
        kind, _, name = ref.partition("/")
        namespace, _, identity = name.partition("/")
        objects.append(
            {
                "kind": kind,
                "namespace": namespace,
                "id": identity or None,
                "same": matrix.is_same(ref),
                "environments": cells,
            }
        )
    return {
        "environments": list(matrix.environments),
        "objects": objects,
        "notes": list(matrix.notes),
    }
