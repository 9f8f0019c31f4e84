from ..life import Life, block, flow, quoted  # noqa: TID252 (no name for `tests` at run time)

TEST = """id: hello_test
namespace: NAMESPACE
flowId: hello
# WORD
cases:
  - id: greets
    expect:
      log: [hi]
"""


def life(ns, folder):
    def text(word):
        return TEST.replace("NAMESPACE", ns).replace("WORD", word)

    return Life(
        f"/tests/{ns}/hello_test",
        f"{ns}/hello_test",
        block("penstock_test", source=quoted(text("one"))),
        block("penstock_test", source=quoted(text("two"))),
        {"source": text("drift")},
        [(f"/flows/{ns}/hello", {"source": flow(ns)})],
    )
