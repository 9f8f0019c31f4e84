"""The page of what ``/metrics`` serves."""

from __future__ import annotations

from prometheus_client.metrics import MetricWrapperBase

from penstock.api import metric as of_requests
from penstock.docs.markdown import Pages, code, page, table
from penstock.telemetry import metric as of_executions

_SUFFIX = {"counter": "_total"}


def pages() -> Pages:
    """``metrics.md``: names, kinds and labels."""
    served = [
        each
        for module in (of_executions, of_requests)
        for each in vars(module).values()
        if isinstance(each, MetricWrapperBase)
    ]
    rows = sorted(_row(each) for each in served)
    return {
        "metrics.md": page(
            "Metrics",
            "`GET /metrics`, without a token, in Prometheus' text format. A counter also has "
            "`…_created`, a histogram `…_bucket`, `…_sum` and `…_count`. Counters begin at 0 with "
            "the process.",
            table(("Name", "Kind", "Labels", "What it counts"), rows),
        )
    }


def _row(each: MetricWrapperBase) -> tuple[str, str, str, str]:
    described = next(iter(each.describe()))
    labels = ", ".join(code(label) for label in each._labelnames)  # noqa: SLF001 - has no other name
    name = described.name + _SUFFIX.get(described.type, "")
    return code(name), described.type, labels, described.documentation
