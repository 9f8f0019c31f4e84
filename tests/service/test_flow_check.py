"""`POST /flows:validate`: findings for editors, also about texts that do not hold."""

from __future__ import annotations

GOOD = "id: good\nnamespace: {ns}\ntasks:\n  - id: a\n    type: core.log.Log\n    message: x\n"


def validate(server, text, kind="application/yaml"):
    answer = server.api.post(
        "/flows:validate", content=text.encode(), headers={"content-type": kind}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_several_documents_are_answered_in_order(server, ns):
    good = GOOD.format(ns=ns)
    bad = good.replace("good", "bad").replace("message", "mesage")
    old = good.replace("good", "old").replace("core.log", "io.kestra.core.tasks.log")
    items = validate(server, f"---\n{good}---\n{bad}--- \n\n---\n{old}")
    assert [(each["index"], each["id"], each["valid"]) for each in items] == [
        (0, "good", True),
        (1, "bad", False),
        (2, "old", True),
    ]
    (error,) = items[1]["errors"]
    assert (error["line"], error["column"], error["code"]) == (14, 5, "unknown-property")
    assert "Did you mean `message`?" in error["hint"]
    (deprecation,) = items[2]["deprecations"]
    assert (deprecation["line"], deprecation["hint"]) == (22, "Write `core.log.Log`.")


def test_a_revision_that_is_not_the_next_one_is_outdated(server, ns):
    text = "revision: {}\n" + GOOD.format(ns=ns)
    assert not validate(server, text.format(1))[0]["outdated"]
    assert validate(server, text.format(2))[0]["outdated"]
    server.put_flow(GOOD.format(ns=ns))
    assert validate(server, text.format(1))[0]["outdated"]
    assert not validate(server, text.format(2))[0]["outdated"]
    assert not validate(server, GOOD.format(ns=ns))[0]["outdated"]


def test_a_subflow_that_is_missing_is_a_warning_unless_it_comes_along(server, ns):
    caller = (
        f"id: caller\nnamespace: {ns}\ntasks:\n  - id: c\n    type: core.flow.Subflow\n"
        f"    namespace: {ns}\n    flowId: good\n"
    )
    (item,) = validate(server, caller)
    assert item["valid"]
    assert [problem["code"] for problem in item["warnings"]] == ["unknown-subflow"]
    items = validate(server, f"{caller}---\n{GOOD.format(ns=ns)}")
    assert [each["warnings"] for each in items] == [[], []]


def test_whatever_the_text_the_answer_is_200(server, ns):
    for text in ("a: [", "- 1", "id: x\n", f"id: '!'\nnamespace: {ns}\ntasks: []\n", "x"):
        (item,) = validate(server, text)
        assert not item["valid"]
        assert item["errors"]
    assert validate(server, "") == []
    twice = validate(server, f"{GOOD.format(ns=ns)}---\n{GOOD.format(ns=ns)}")
    assert [each["valid"] for each in twice] == [True, False]
    assert server.api.get("/flows", params={"namespace": ns}).json()["items"] == []


def test_it_takes_json_as_well(server, ns):
    answer = server.api.post("/flows:validate", json={"source": GOOD.format(ns=ns)})
    assert [each["valid"] for each in answer.json()["items"]] == [True]


def test_defaults_of_the_namespace_count(server, ns):
    text = GOOD.format(ns=ns).replace("    message: x\n", "")
    assert not validate(server, text)[0]["valid"]
    default = {"type": "core.log.Log", "values": {"message": "x"}}
    server.api.put(f"/namespaces/{ns}", json={"pluginDefaults": [default]})
    assert validate(server, text)[0]["valid"]
