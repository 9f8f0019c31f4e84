from ..life import Life, block, flow, quoted  # noqa: TID252 (no name for `tests` at run time)


def life(ns, folder):
    def made(word):
        sources = f"{{ hello = {quoted(flow(ns, word))} }}"
        return block("penstock_flows", namespace=quoted(ns), sources=sources)

    return Life(f"/flows/{ns}/hello", ns, made("hi"), made("servus"), {"source": flow(ns, "drift")})
