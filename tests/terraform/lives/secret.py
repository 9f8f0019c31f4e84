from ..life import Life, block, quoted  # noqa: TID252 (no name for `tests` at run time)


def life(ns, folder):
    fixed = {"namespace": quoted(ns), "key": '"API_KEY"', "description": '"d"'}
    return Life(
        f"/secrets/{ns}/API_KEY",
        f"{ns}/API_KEY",
        block("penstock_secret", **fixed, value_wo='"one"'),
        block("penstock_secret", **fixed, value_wo='"two"'),
        {"value": "behind the back", "description": "d"},
    )
