from ..life import Life, block, quoted  # noqa: TID252 (no name for `tests` at run time)


def life(ns, folder):
    fixed = {
        "namespace": quoted(ns),
        "labels": '{ team = "data" }',
        "variables": '{ region = "eu", sizes = [1, 2.5, "x"], deep = { on = true } }',
    }
    defaults = '[{ type = "core.log", values = { level = "WARN" }, forced = false }]'
    return Life(
        f"/namespaces/{ns}",
        ns,
        block(
            "penstock_namespace",
            **fixed,
            description='"Ours"',
            allowed_namespaces='["ops", "company.reporting"]',
            plugin_defaults=defaults,
        ),
        block(
            "penstock_namespace",
            **fixed,
            description='"Theirs"',
            allowed_namespaces='["ops"]',
            plugin_defaults=defaults.replace("WARN", "ERROR"),
        ),
        {"description": "behind the back"},
    )
