"""What one walk of Terraform over a configuration has planned so far, and what else may come.

Terraform plans resources in an order of its own, several at a time, and says neither how many there
are nor which is the last. So whatever depends on something that has not come yet waits for it here,
and is told with the one of the two that comes later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum, auto
from typing import Generic, TypeVar

from penstock_provider.framework.loop import Future, Loop
from penstock_provider.framework.peer import Peer
from penstock_provider.pattern import Pattern, serving
from penstock_provider.run_file import Record

M = TypeVar("M")


class Chance(Enum):
    """Whether something that has not been planned may still be."""

    NONE = auto()
    SOME = auto()
    SURE = auto()


class Walk(Generic[M]):
    """One process's view; members are what it plans, by their references' texts."""

    PATIENCE = 0.3
    """Seconds that a walk waits, all in all, for what is perhaps not declared at all."""

    MOST_UNREAD = 2_000
    """So many states are held until somebody asks for their names."""

    def __init__(
        self, loop: Loop, peer: Peer | None, record: Record, *, endpoint: str = "", tenant: str = ""
    ) -> None:
        """Of the record counts what is declared in that tenant of that server."""
        self._loop = loop
        self._place = endpoint, tenant
        self._peer = peer
        self._record = record
        self._patterns: list[Pattern] | None = None
        self._has_read = False
        self.planned: dict[str, M] = {}
        """Members that are written or deleted."""
        self._kept: set[str] = set()
        self._needs: dict[str, set[str]] = {}
        self._unread: list[Callable[[], Iterable[str]]] = []
        self._waiting: dict[str, dict[str, M]] = {}
        self._arrivals: list[tuple[frozenset[str], Future[None]]] = []
        self._is_patient: bool | None = None
        self._destroys: bool | None = None
        self.told: set[tuple[str | None, str]] = set()
        """Findings that have been told already: about what, and which."""

    @property
    def is_recorded(self) -> bool:
        """Whether it is known what the configuration declares."""
        return self._declared() is not None

    @property
    def destroys(self) -> bool:
        """Whether the command destroys everything."""
        if self._destroys is None:
            arguments = () if self._peer is None else self._peer.arguments
            self._destroys = any(each.lstrip("-") == "destroy" for each in arguments[1:])
        return self._destroys

    def add(self, name: str, member: M) -> None:
        """Something is planned: written or deleted."""
        self.planned[name] = member
        self._arrived({name})

    def note(self, names: Iterable[str]) -> None:
        """Writes down what is declared by these names, for the process that applies.

        Not where nobody has written down the rest: a part would be taken for the whole.
        """
        if self.is_recorded:
            endpoint, tenant = self._place
            self._record.append(
                Pattern.of(name)._replace(endpoint=endpoint or None, tenant=tenant or None)
                for name in names
            )

    def keep(self, read: Callable[[], Iterable[str]]) -> set[str]:
        """Objects that stay as they are, and those among them that others have waited for.

        Their names are read only when somebody asks.
        """
        self._unread.append(read)
        if len(self._unread) > self.MOST_UNREAD:
            self._read_kept()
        return self._read_kept() & self._waiting.keys() if self._waiting else set()

    def has_seen(self, name: str) -> bool:
        """Whether something has been planned, or stays as it is."""
        return name in self.planned or name in self._read_kept()

    def remember(self, name: str, needs: Iterable[str]) -> None:
        """What a member needs: with it come those that serve."""
        self._needs.setdefault(name, set()).update(needs)

    def companions(self, needs: Iterable[str]) -> dict[str, M]:
        """What has been planned of those that would serve, and of those that serve them."""
        found: dict[str, M] = {}
        open_ = [*needs]
        while open_:
            for name in _served(open_.pop()):
                if name in self.planned and name not in found:
                    found[name] = self.planned[name]
                    open_ += self._needs.get(name, ())
        return found

    def chance(self, need: str, *, by_leaving: bool) -> Chance:
        """Whether something may still be planned that settles a need.

        `by_leaving`: its deletion would do as well; so it need not be declared any more.
        """
        declared = self._declared()
        if declared is None:
            return Chance.SOME
        best = Chance.NONE
        for name in serving(need):
            if self.has_seen(_object(name)):
                continue
            if by_leaving:
                best = Chance.SOME
            for pattern in declared:
                if pattern.has(name):
                    if pattern.is_certain:
                        return Chance.SURE
                    best = Chance.SOME
        return best

    def nearest(self, need: str) -> str | None:
        """The name among what the run declares that looks most like a missing one."""
        import difflib  # noqa: PLC0415 (only mistakes need it)

        kind, _, rest = need.partition("/")
        namespace, _, name = rest.partition("/")
        declared = [(each.kind, each.namespace, each.id) for each in self._declared() or ()]
        for each in (*self.planned, *self._read_kept()):
            home, _, id_ = each.partition("/")[2].partition("/")
            declared.append((each.partition("/")[0], home, id_))
        alike = {(home, id_) for of, home, id_ in declared if of == kind and id_}
        above = [each.partition("/")[2].partition("/")[0] for each in serving(need)]
        near = {id_ for home, id_ in alike if id_ and (home is None or home in above)}
        found = difflib.get_close_matches(name, near, n=1)
        if found or kind != "flow":
            return found[0] if found else None
        names = {f"{home}/{id_}" for home, id_ in alike if home}
        return next(iter(difflib.get_close_matches(f"{namespace}/{name}", names, n=1)), None)

    def wait(self, name: str, member: M, needs: Iterable[str]) -> None:
        """A member has a finding that depends on others: whoever of them comes next takes it."""
        for need in needs:
            for served in _served(need):
                self._waiting.setdefault(served, {})[name] = member

    def take_waiting(self, names: Iterable[str]) -> dict[str, M]:
        """The members that have waited for these."""
        found: dict[str, M] = {}
        for name in names:
            found.update(self._waiting.pop(name, {}))
        return found

    async def arrival(self, needs: Sequence[str]) -> bool:
        """Waits a little until one that would serve is planned; whether one was."""
        names = frozenset(name for need in needs for name in _served(need))
        if self._is_patient is None:
            self._is_patient = True
            self._loop.later(self.PATIENCE, self._give_up)
        if not self._is_patient or not self.is_recorded:
            return False
        future: Future[None] = Future()
        self._arrivals.append((names, future))
        await future
        return any(self.has_seen(name) for name in names)

    def _declared(self) -> list[Pattern] | None:
        if not self._has_read:
            self._has_read = True
            found = self._record.read()
            self._patterns = (
                None if found is None else [each for each in found if each.is_within(*self._place)]
            )
        return self._patterns

    def _read_kept(self) -> set[str]:
        unread, self._unread = self._unread, []
        for read in unread:
            fresh = set(read())
            self._kept |= fresh
            self._arrived(fresh)
        return self._kept

    def _arrived(self, names: set[str]) -> None:
        here = [each for each in self._arrivals if each[0] & names]
        for each in here:
            self._arrivals.remove(each)
            each[1].set(None)

    def _give_up(self) -> None:
        self._is_patient = False
        arrivals, self._arrivals = self._arrivals, []
        for _, future in arrivals:
            future.set(None)


def _object(name: str) -> str:
    """The object that holds something: of a variable its namespace."""
    kind, _, rest = name.partition("/")
    return f"namespace/{rest.partition('/')[0]}" if kind == "variable" else name


def _served(need: str) -> list[str]:
    return [_object(name) for name in serving(need)]
