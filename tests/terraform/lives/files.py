from ..life import Life, block, quoted  # noqa: TID252 (no name for `tests` at run time)


def life(ns, folder):
    def made(text):
        files = f'{{ "sql/orders.sql" = {quoted(text)} }}'
        return block("penstock_files", namespace=quoted(ns), files=files)

    return Life(
        f"/files/{ns}/sql/orders.sql", ns, made("SELECT 1;\n"), made(""), {"base64": "/w=="}
    )
