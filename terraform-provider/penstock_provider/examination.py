"""What the server says to a plan, judged by what else the same run plans."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from penstock_provider.api import Json, Problem
from penstock_provider.clearance import Clearances
from penstock_provider.framework.record import field, record
from penstock_provider.object_set import Item, rows_of
from penstock_provider.reference import Reference
from penstock_provider.walk import Chance, Walk

Member = Item | Reference
"""An object that shall be as said, or go."""
Ask = Callable[[Sequence[Member]], Awaitable[Json]]

_MISSING = frozenset({"missing-secret", "missing-variable", "unknown-flow", "unknown-subflow"})
_REFUSED = frozenset({"in-use"})
"""What the server does not do, whatever the configuration says about what is missing."""
_FREED = frozenset({"in-use", "caller-inputs", "caller-outputs", "breaks-flow", "variable-in-use"})
"""Findings that end also when the other object goes."""


@record
class Examined:
    """The answer for some members: what stands in it for each, and what is to be told."""

    rows: dict[str, Json] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    """Of the members themselves, each an error or a warning for good."""
    others: list[Problem] = field(default_factory=list)
    """Of what was planned before and waited for one of these."""


@record(frozen=True)
class Examiner:
    """Asks the server about members, alone first, then with what their findings depend on."""

    walk: Walk[Member]
    ask: Ask
    is_strict: bool = True
    """Whether what is missing is an error; else a warning."""
    refuses_overridden: bool = False
    """Whether a change of what somebody overrides is an error."""
    clearances: Clearances | None = None
    """What earlier processes of the run need not ask for again."""

    async def examine(self, members: Sequence[Member]) -> Examined:
        """Judges members that are planned now."""
        own = {name_of(member): member for member in members}
        crossed = [each for each in own if self._is_crossed(each, own[each])]
        for name, member in own.items():
            self.walk.add(name, member)
        self.walk.note(name for name, each in own.items() if isinstance(each, Item))
        if crossed:
            return Examined(problems=[_crossed(name) for name in crossed])
        waited = self.walk.take_waiting(own)
        if not waited:
            rows = self._cleared(own)
            if rows is not None:
                return Examined(rows)
        return await self._judge(own, {k: v for k, v in waited.items() if k not in own})

    def _cleared(self, own: Mapping[str, Member]) -> dict[str, Json] | None:
        """What the server said to all of them, if it did in an earlier process of this run."""
        if self.clearances is None:
            return None
        rows: dict[str, Json] = {}
        for name, member in own.items():
            row = self.clearances.of(member) if isinstance(member, Item) else None
            if row is None:
                return None
            rows[name] = row
        return rows

    def _clear(self, own: Mapping[str, Member], made: Examined, found: Sequence[Problem]) -> None:
        """Notes those that the server has nothing at all to say about."""
        if self.clearances is None or any(problem.object is None for problem in found):
            return
        troubled = {problem.object for problem in found}
        self.clearances.add(
            [
                (member, made.rows[name])
                for name, member in own.items()
                if isinstance(member, Item) and name in made.rows and name not in troubled
            ]
        )

    def _is_crossed(self, name: str, member: Member) -> bool:
        """Whether one resource deletes what another one of the same run writes."""
        before = self.walk.planned.get(name)
        return before is not None and isinstance(before, Reference) != isinstance(member, Reference)

    async def keep(self, names: set[str]) -> Examined:
        """Judges what has waited for objects that turn out to stay as they are."""
        return await self._judge({}, self.walk.take_waiting(names))

    async def _judge(self, own: dict[str, Member], waited: dict[str, Member]) -> Examined:
        together = {**waited, **own}
        if not together:
            return Examined()
        while True:
            # Each round brings somebody along, or has waited for somebody.
            answer = await self.ask([*together.values()])
            for each in _problems(answer):
                self.walk.remember(each.object or "", each.needs or ())
            needs = [need for each in _problems(answer) for need in each.needs or ()]
            more = self.walk.companions(needs)
            if more.keys() <= together.keys():
                if not await self._arrival(answer, own):
                    break
                more = self.walk.companions(needs)
            together |= more
        made = Examined({str(row.get("ref")): row for row in rows_of(answer, "objects")})
        found = _problems(answer)
        self._clear(own, made, found)
        for problem in found:
            if not self._is_noise(problem, found):
                self._sort(problem, own, together, made)
        return made

    @staticmethod
    def _is_noise(problem: Problem, among: Sequence[Problem]) -> bool:
        """Whether a flow may not use one that is not there: that it is not there says it all."""
        if problem.code != "namespace-denied":
            return False
        home = (problem.needs or ("/",))[0].partition("/")[2]
        return any(
            each.code == "unknown-subflow"
            and each.object == problem.object
            and any(need.startswith(f"flow/{home}/") for need in each.needs or ())
            for each in among
        )

    def _sort(
        self,
        problem: Problem,
        own: dict[str, Member],
        together: dict[str, Member],
        made: Examined,
    ) -> None:
        name = problem.object or ""
        if problem.needs is None:
            is_override = problem.code == "overridden"
            refused = is_override and self.refuses_overridden
            if name in own and (refused or (name, problem.message) not in self.walk.told):
                made.problems.append(problem.judged(error=True) if refused else problem)
                if is_override:
                    self.walk.told.add((name, problem.message))
            return
        chance = self._chance(problem)
        if chance is not Chance.NONE and name in together:
            self.walk.wait(name, together[name], problem.needs)
        if chance is Chance.SURE or (chance is Chance.SOME and name not in own):
            return
        if (name, problem.message) in self.walk.told:
            return
        is_error = chance is Chance.NONE and (self.is_strict or problem.code in _REFUSED)
        if is_error:
            self.walk.told.add((name, problem.message))
        told = problem.judged(error=is_error)
        if is_error and problem.code in _MISSING and "Did you mean" not in (problem.hint or ""):
            near = self.walk.nearest(problem.needs[0]) if problem.needs else None
            told = told if near is None else told.advised(f"Did you mean `{near}`?")
        (made.problems if name in own else made.others).append(told)

    def _chance(self, problem: Problem) -> Chance:
        """The best chance that a finding has to end in this run."""
        if self.walk.destroys and problem.needs and problem.code in _FREED:
            return Chance.SURE
        found = [self._of_need(problem, need) for need in problem.needs or ()]
        return next((each for each in (Chance.SURE, Chance.SOME) if each in found), Chance.NONE)

    def _of_need(self, problem: Problem, need: str) -> Chance:
        is_user = problem.code == "namespace-denied" and need.startswith("flow/")
        return self.walk.chance(need, by_leaving=problem.code in _FREED or is_user)

    async def _arrival(self, answer: Json, own: Mapping[str, Member]) -> bool:
        """Waits a little for what is perhaps planned yet; whether it was."""
        doubtful = [
            need
            for problem in _problems(answer)
            if problem.object in own and self._chance(problem) is Chance.SOME
            for need in problem.needs or ()
        ]
        return bool(doubtful) and await self.walk.arrival(doubtful)


def name_of(member: Member) -> str:
    """The text of a member's reference."""
    return member.ref if isinstance(member, Reference) else member.reference.ref


def _crossed(name: str) -> Problem:
    return Problem(
        f"One resource of this configuration deletes {name}, and another one declares it.",
        code="crossed",
        object=name,
        hint="When it only moves between them, say so in a `moved` block, or take it out of the "
        "state of the first with `terraform state rm`.",
    )


def _problems(answer: Json) -> list[Problem]:
    found = answer.get("problems")
    return [Problem.read(each) for each in found] if isinstance(found, list) else []
