from ..life import Life, block, quoted  # noqa: TID252 (no name for `tests` at run time)


def life(ns, folder):
    fixed = {"namespace": quoted(ns), "key": '"rates"'}
    value = '{ on = true, rate = 1.5, names = ["a", 1, null], none = {} }'
    return Life(
        f"/kv/{ns}/rates",
        f"{ns}/rates",
        block("penstock_kv", **fixed, value=value, description='"Ours"', ttl='"P7D"'),
        block("penstock_kv", **fixed, value=value.replace("true", "false"), ttl='"P8D"'),
        {"value": "behind the back"},
    )
