from ..life import Life, block, flow, quoted  # noqa: TID252 (no name for `tests` at run time)


def life(ns, folder):
    return Life(
        f"/flows/{ns}/hello",
        f"{ns}/hello",
        block("penstock_flow", source=quoted(flow(ns))),
        block("penstock_flow", source=quoted(flow(ns, "servus"))),
        {"source": flow(ns, "drift")},
    )
