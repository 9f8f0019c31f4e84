from ..life import Life, block, quoted  # noqa: TID252 (no name for `tests` at run time)


def life(ns, folder):
    name = ns.replace(".", "-")
    fixed = {"tenant": quoted(name), "labels": '{ team = "data" }'}
    return Life(
        f"/api/v1/tenants/{name}",
        name,
        block("penstock_tenant", **fixed, description='"Ours"'),
        block("penstock_tenant", **fixed, description='"Theirs"'),
        {"description": "behind the back"},
    )
