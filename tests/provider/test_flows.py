"""`penstock_flows` with the real Terraform."""

from .fake import Refused


def source(name: str, text: str = "hi", kind: str = "core.log.Log") -> str:
    return f"id: {name}\\nnamespace: a.b\\ntasks:\\n  - id: say\\n    type: {kind}\\n    message: {text}\\n"


def block(more: str = "", **sources: str) -> str:
    rows = "".join(f'    {name} = "{text}"\n' for name, text in sources.items())
    return f'resource "penstock_flows" "all" {{\n  namespace = "a.b"\n  sources = {{\n{rows}  }}\n  {more}\n}}\n'


def real(text: str) -> str:
    return text.replace("\\n", "\n")


def test_life(terraform, fake):
    terraform.write(block(one=source("one"), two=source("two")))
    terraform.plan(2)
    terraform.apply()
    assert fake.requests.count(("POST", "/apply")) == 1
    assert sorted(fake.objects) == ["flow/a.b/one", "flow/a.b/two"]
    terraform.plan(0)

    terraform.write(block(one=source("one", "servus"), three=source("three"), two=source("two")))
    shown = terraform.plan(2)
    assert "- message: hi" in shown
    assert "+ message: servus" in shown
    assert shown.count("(known after apply)") == 2  # the revisions of one and three, not of two
    terraform.apply()
    terraform.plan(0)
    blank = source("two") + "  \\n"
    terraform.write(block(one=source("one", "servus"), three=source("three"), two=blank))
    terraform.apply()
    assert fake.objects["flow/a.b/two"]["source"] == real(blank)
    terraform.plan(0)
    state = terraform.state()["penstock_flows.all"]
    assert state["revisions"] == {"one": 2, "two": 2, "three": 1}

    terraform.write(block(one=source("one", "servus")))
    terraform.apply()
    assert list(fake.objects) == ["flow/a.b/one"]
    terraform.plan(0)

    drifted = {"source": real(source("one")) + "# drift\n"}
    fake.write("flow", "a.b", "one", drifted, "terraform:default")
    assert "# drift" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)

    del fake.objects["flow/a.b/one"]
    terraform.plan(2)
    terraform.apply()
    terraform.write(block(one=source("one"), two=source("two")))
    terraform.apply()
    del fake.objects["flow/a.b/two"]
    terraform.write("")
    terraform.apply()
    assert fake.objects == {}


def test_import(terraform, fake):
    fake.write("flow", "a.b", "one", {"source": real(source("one"))}, "terraform:default")
    fake.write("flow", "a.b", "two", {"source": real(source("two"))}, "terraform:default")
    terraform.write(block(one=source("one"), two=source("two")))
    terraform.run("import", "penstock_flows.all", "a.b")
    terraform.plan(0)


def test_mistakes_name_the_member(terraform, fake):
    terraform.write(block(one=source("one"), two=source("two", kind="core.log.Lgo")))
    out = terraform.plan(1)
    assert "Flow a.b/two is not valid" in out
    assert "`two`: line 5, column 11" in out
    terraform.write(block(one=source("other")))
    assert "`one`: the text says `id: other`" in terraform.run("validate", "-no-color", code=1)


def test_failed_member_leaves_nothing(terraform, fake):
    problem = {
        "severity": "error",
        "object": "flow/a.b/two",
        "message": "It is too new.",
        "line": 3,
    }
    fake.refusals["flow/a.b/two"] = Refused(422, "invalid-object", "two is refused.", [problem])
    terraform.write(block(one=source("one"), two=source("two"), three=source("three")))
    out = terraform.apply(code=1)
    assert "nothing was changed" in out
    assert "`two`: line 3: It is too new." in out
    assert fake.objects == {}
    fake.refusals.clear()
    terraform.apply()
    terraform.plan(0)


def test_prune(terraform, fake):
    fake.write(
        "flow", "a.b", "stray", {"source": "id: stray\nnamespace: a.b\n"}, "terraform:default"
    )
    fake.write("flow", "a.b", "foreign", {"source": "id: foreign\nnamespace: a.b\n"}, "ui")
    terraform.write(block(one=source("one")))
    terraform.apply()
    assert len(fake.objects) == 3
    terraform.write(block("prune = true", one=source("one")))
    terraform.apply()
    assert sorted(fake.objects) == ["flow/a.b/foreign", "flow/a.b/one"]
    terraform.plan(0)
    fake.write(
        "flow", "a.b", "later", {"source": "id: later\nnamespace: a.b\n"}, "terraform:default"
    )
    assert '- "later"' in terraform.plan(2)
    terraform.apply()
    assert "flow/a.b/later" not in fake.objects
    terraform.plan(0)


def test_prune_warns_when_it_creates(terraform, fake):
    fake.write(
        "flow", "a.b", "stray", {"source": "id: stray\nnamespace: a.b\n"}, "terraform:default"
    )
    terraform.write(block("prune = true", one=source("one")))
    assert "Pruning deletes flow a.b/stray" in terraform.plan(2)
    terraform.apply()
    assert list(fake.objects) == ["flow/a.b/one"]


def test_order_between_resources_does_not_matter(terraform, fake):
    child = "  - id: child\\n    type: core.flow.Subflow\\n    namespace: c.d\\n    flowId: late\\n"
    other = 'resource "penstock_flows" "other" {\n  namespace = "c.d"\n  sources = { late = "id: late\\nnamespace: c.d\\n" }\n}\n'
    terraform.write(block(one=source("one") + child) + other)
    out = terraform.plan(2)
    assert "Error" not in out
    terraform.apply()
    terraform.plan(0)


def test_strays_survive_when_pruning_is_switched_off(terraform, fake):
    terraform.write(block("prune = true", one=source("one")))
    terraform.apply()
    fake.write(
        "flow", "a.b", "stray", {"source": "id: stray\nnamespace: a.b\n"}, "terraform:default"
    )
    terraform.run("apply", "-refresh-only", "-auto-approve")
    terraform.plan(2)
    terraform.write(block(one=source("one")))
    terraform.apply()
    assert sorted(fake.objects) == ["flow/a.b/one", "flow/a.b/stray"]
    terraform.plan(0)
    terraform.write(block("prune = true", one=source("one")))
    terraform.apply()
    terraform.plan(0)
    assert sorted(fake.objects) == ["flow/a.b/one"]
