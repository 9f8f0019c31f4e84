from ..life import Life, block, quoted  # noqa: TID252 (no name for `tests` at run time)


def life(ns, folder):
    fixed = {"namespace": quoted(ns), "path": '"sql/orders.sql"'}
    return Life(
        f"/files/{ns}/sql/orders.sql",
        f"{ns}/sql/orders.sql",
        block("penstock_file", **fixed, content='"SELECT 1;\\n"'),
        block("penstock_file", **fixed, content_base64='base64encode("SELECT 2;\\n")'),
        {"content": "SELECT 3;\n"},
    )
