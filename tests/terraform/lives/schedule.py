from ..life import Life, block, flow, quoted  # noqa: TID252 (no name for `tests` at run time)


def life(ns, folder):
    fixed = {"namespace": quoted(ns), "schedule_id": '"nightly"', "flow_id": '"hello"'}
    return Life(
        f"/schedules/{ns}/nightly",
        f"{ns}/nightly",
        block("penstock_schedule", **fixed, cron='"0 2 * * *"'),
        block(
            "penstock_schedule",
            **fixed,
            cron='"0 3 * * *"',
            timezone='"Europe/Vienna"',
            disabled="true",
            allow_concurrent="true",
        ),
        {"flowId": "hello", "cron": "1 1 * * *"},
        [(f"/flows/{ns}/hello", {"source": flow(ns)})],
    )
