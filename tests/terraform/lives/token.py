from ..life import Life, block, quoted  # noqa: TID252 (no name for `tests` at run time)


def life(ns, folder):
    name = ns.replace(".", "-")
    fixed = {
        "name": quoted(name),
        "description": '"d"',
        "expires_at": '"2090-01-31T01:00:00+01:00"',
        "value_wo_version": "1",
    }
    return Life(
        f"/tokens/{name}",
        name,
        block("penstock_token", **fixed, value_wo=quoted(f"one-of-{name}-and-long-enough")),
        block("penstock_token", **fixed, value_wo=quoted(f"two-of-{name}-and-long-enough")),
        {"value": f"behind-the-back-of-{name}", "description": "d", "access": "read"},
    )
