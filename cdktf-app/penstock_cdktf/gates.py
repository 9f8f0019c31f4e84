"""What a flow must have shown before it may be pinned: pure judgement over counted evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, cast

from penstock_cdktf.document import open_section
from penstock_cdktf.errors import AppError
from penstock_cdktf.lock import Evidence

Rule = Literal["exist", "locked", "ignore"]


@dataclass(frozen=True, slots=True)
class Gates:
    """The demands of one environment; None switches a counted gate off."""

    min_successes: int = 1
    max_failure_rate: float | None = None
    min_soak_h: float | None = None
    distinct_days: int | None = None
    references: Rule = "exist"
    closure: Rule = "locked"


@dataclass(frozen=True, slots=True)
class Policy:
    """`promotion.yaml` of an environment."""

    promotes_from: str
    gates: Gates
    may_override: tuple[str, ...]
    file: str


@dataclass(frozen=True, slots=True)
class Finding:
    """An unmet demand. `final` ones are about integrity, and no override lifts them."""

    gate: str
    message: str
    final: bool = False


def read_policy(text: str, *, file: str) -> Policy:
    """Reads the text of a `promotion.yaml`.

    Raises:
        InvalidFileError: with every finding, each with line and column.
    """
    root = open_section(text, file=file, known=("promotes_from", "gates", "may_override"))
    source = root.must("promotes_from")
    gates = Gates()
    known = tuple(one.name for one in fields(Gates))
    section = root.section("gates", known=known)
    if section is not None:
        successes = section.integer("min_successes")
        gates = Gates(
            min_successes=gates.min_successes if successes is None else successes,
            max_failure_rate=section.number("max_failure_rate"),
            min_soak_h=section.number("min_soak_h"),
            distinct_days=section.integer("distinct_days"),
            references=cast(
                "Rule", section.choice("references", ("exist", "ignore"), default="exist")
            ),
            closure=cast("Rule", section.choice("closure", ("locked", "ignore"), default="locked")),
        )
        if gates.min_successes < 0:
            section.report("min_successes", "it must be 0 or more.")
        if gates.max_failure_rate is not None and not 0 <= gates.max_failure_rate <= 1:
            section.report("max_failure_rate", "it is a share between 0 and 1, such as 0.1.")
    allowed = root.texts("may_override")
    root.document.finish()
    return Policy(source, gates, allowed, file)


def load_policy(root: Path, environment: str) -> Policy:
    """Reads `environments/<environment>/promotion.yaml`.

    Raises:
        AppError: the environment is no target of promotions.
    """
    file = f"environments/{environment}/promotion.yaml"
    path = root / file
    if not path.is_file():
        raise AppError(f"`{environment}` takes no promotions: there is no {file}.")
    return read_policy(path.read_text(encoding="utf-8"), file=file)


def judge(gates: Gates, evidence: Evidence | None, *, now: datetime) -> tuple[Finding, ...]:
    """Returns the counted gates which the evidence does not meet.

    Args:
        gates: the demands.
        evidence: counts for exactly this content, None when the server could not be asked.
        now: the present, aware.
    """
    if evidence is None:
        return (Finding("min_successes", "no evidence could be read"),)
    found: list[Finding] = []
    success, finished = evidence.success, evidence.success + evidence.failed
    if success < gates.min_successes:
        found.append(
            Finding(
                "min_successes",
                f"{success} of {gates.min_successes} successful executions of exactly this content",
            )
        )
    rate = evidence.failed / finished if finished else 0.0
    if gates.max_failure_rate is not None and rate > gates.max_failure_rate:
        found.append(
            Finding(
                "max_failure_rate",
                f"{evidence.failed} of {finished} executions failed ({rate:.0%}), at most "
                f"{gates.max_failure_rate:.0%} may",
            )
        )
    if gates.distinct_days is not None and evidence.days < gates.distinct_days:
        found.append(
            Finding("distinct_days", f"ran on {evidence.days} of {gates.distinct_days} days")
        )
    if gates.min_soak_h is not None:
        soaked = _soaked(evidence.first_at, now)
        if soaked < timedelta(hours=gates.min_soak_h):
            hours = soaked.total_seconds() / 3600
            found.append(
                Finding("min_soak_h", f"first ran {hours:.1f} h ago, {gates.min_soak_h:g} h needed")
            )
    return tuple(found)


def _soaked(first_at: str | None, now: datetime) -> timedelta:
    if not first_at:
        return timedelta(0)
    first = datetime.fromisoformat(first_at)
    return now - (first if first.tzinfo else first.replace(tzinfo=UTC))


def evidence_from(item: Mapping[str, object]) -> Evidence:
    """Returns the evidence in one item of the server's answer; missing counts are 0."""

    def count(name: str) -> int:
        value = item.get(name)
        return value if isinstance(value, int) else 0

    def text(name: str) -> str | None:
        value = item.get(name)
        return value if isinstance(value, str) else None

    executions = item.get("executions")
    return Evidence(
        count("success"),
        count("failed"),
        count("days"),
        text("firstAt"),
        text("lastAt"),
        text("engine"),
        tuple(str(one) for one in executions) if isinstance(executions, list) else (),
    )
