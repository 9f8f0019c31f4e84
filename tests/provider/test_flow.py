"""`penstock_flow` and its data source with the real Terraform."""

import hashlib

FLOW = """id: hello
namespace: company.team
tasks:
  - id: say
    type: core.log.Log
    message: hi
"""


def block(source: str, more: str = "") -> str:
    return f'resource "penstock_flow" "hello" {{\n  source = <<-EOT\n{source}EOT\n{more}\n}}\n'


def test_life(terraform, fake):
    terraform.write(block(FLOW))
    digest = hashlib.sha256(FLOW.encode()).hexdigest()
    shown = terraform.plan(2)
    assert digest in shown
    assert '"company.team/hello"' in shown
    terraform.apply()
    assert fake.objects["flow/company.team/hello"]["source"] == FLOW
    terraform.plan(0)

    blanks = FLOW.replace("message: hi\n", "message: hi   \n\n")
    terraform.write(block(blanks))
    assert hashlib.sha256(blanks.encode()).hexdigest() in terraform.plan(2)
    terraform.apply()
    assert fake.objects["flow/company.team/hello"]["source"] == blanks
    terraform.plan(0)

    terraform.write(block(FLOW.replace("hi", "servus")))
    shown = terraform.plan(2)
    assert "update in-place" in shown
    assert "- message: hi" in shown
    assert "+ message: servus" in shown
    terraform.apply()
    terraform.plan(0)
    state = terraform.state()["penstock_flow.hello"]
    assert state["revision"] == 3
    assert state["flow_id"] == "hello"

    fake.write("flow", "company.team", "hello", {"source": FLOW + "# drift\n"}, "terraform:default")
    assert "# drift" in terraform.plan(2)
    terraform.apply()
    assert "servus" in fake.objects["flow/company.team/hello"]["source"]
    terraform.plan(0)

    del fake.objects["flow/company.team/hello"]
    assert "1 to add" in terraform.plan(2)
    terraform.apply()

    terraform.write(block(FLOW.replace("id: hello", "id: other")))
    assert "must be replaced" in terraform.plan(2)
    terraform.apply()
    assert list(fake.objects) == ["flow/company.team/other"]

    fake.objects.clear()
    terraform.write("")
    terraform.apply()


def test_import_by_command_and_block(terraform, fake):
    fake.write("flow", "company.team", "hello", {"source": FLOW}, "terraform:default")
    terraform.write(block(FLOW))
    terraform.run("import", "penstock_flow.hello", "company.team/hello")
    terraform.plan(0)
    terraform.run("state", "rm", "penstock_flow.hello")
    imports = 'import {\n  to = penstock_flow.hello\n  id = "company.team/hello"\n}\n'
    terraform.write(block(FLOW) + imports)
    assert "1 to import, 0 to add, 0 to change" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)


def test_import_generates_configuration(terraform, fake):
    fake.write("flow", "company.team", "hello", {"source": FLOW}, "terraform:default")
    terraform.write('import {\n  to = penstock_flow.hello\n  id = "company.team/hello"\n}\n')
    terraform.run("plan", f"-generate-config-out={terraform.directory / 'made.tf'}")
    terraform.apply()
    terraform.plan(0)


def test_import_of_a_malformed_or_missing_id(terraform):
    terraform.write(block(FLOW))
    out = terraform.run("import", "-no-color", "penstock_flow.hello", "hello", code=1)
    assert '"hello" is no import id' in out
    assert "namespace/flow_id" in out
    out = terraform.run("import", "-no-color", "penstock_flow.hello", "company.team/hello", code=1)
    assert "non-existent" in out


def test_mistakes_are_told_at_plan_with_their_place(terraform):
    terraform.write(block(FLOW.replace("core.log.Log", "core.log.Lgo")))
    out = terraform.plan(1)
    assert "Flow company.team/hello is not valid" in out
    assert "line 5, column 11" in out
    assert "core.log.Lgo" in out
    assert "Did you mean core.log.Log?" in out
    assert "main.tf line" in out
    terraform.write(block("id: x\nnamespace: a\ntasks: [\n"))
    assert "This is no YAML" in terraform.plan(1)
    terraform.write(block("tasks: []\n"))
    out = terraform.run("validate", "-no-color", code=1)
    assert "The flow has no `id`" in out
    assert "The flow has no `namespace`" in out
    terraform.write(block(FLOW, 'namespace = "company.other"'))
    assert "`namespace` and the text disagree" in terraform.run("validate", "-no-color", code=1)


def test_a_missing_subflow_only_warns(terraform, fake):
    source = (
        FLOW + "  - id: child\n    type: core.flow.Subflow\n    namespace: a.b\n    flowId: late\n"
    )
    terraform.write(block(source))
    assert "Warning: Flow company.team/hello" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)


def test_source_known_only_after_apply(terraform, fake):
    terraform.write(
        'resource "terraform_data" "word" { input = "hi" }\n'
        'resource "penstock_flow" "late" {\n  namespace = "company.team"\n  flow_id = "late"\n'
        '  source = "id: late\\nnamespace: company.team\\ndescription: ${terraform_data.word.output}\\n"\n}\n'
    )
    assert "(known after apply)" in terraform.plan(2)
    terraform.apply()
    assert "description: hi" in fake.objects["flow/company.team/late"]["source"]
    terraform.plan(0)


def test_lost_race_and_foreign_owner(terraform, fake):
    terraform.write(block(FLOW))
    fake.write("flow", "company.team", "hello", {"source": "id: hello\n"}, "ui")
    out = terraform.apply(code=1)
    assert 'belongs to "ui"' in out
    assert "let its owner release it" in out
    fake.objects.clear()
    terraform.apply()
    terraform.write(block(FLOW.replace("hi", "ciao")))
    plan = str(terraform.directory / "saved.plan")
    terraform.run("plan", f"-out={plan}")
    fake.write("flow", "company.team", "hello", {"source": FLOW + "# other\n"}, "terraform:default")
    out = terraform.run("apply", "-no-color", plan, code=1)
    assert "has changed" in out
    assert "Somebody changed the object on the server after this plan was made" in out
    terraform.apply()
    terraform.plan(0)


def test_bulk_of_single_flows(terraform, fake):
    terraform.write(
        'locals {\n  flows = { for n in range(60) : "f${n}" => "id: f${n}\\nnamespace: a.b\\n" }\n}\n'
        'resource "penstock_flow" "many" {\n  for_each = local.flows\n  source = each.value\n}\n'
    )
    terraform.apply()
    assert len(fake.objects) == 60
    writes = [path for _, path in fake.requests if path == "/apply"]
    assert len(writes) <= 40
    fake.requests.clear()
    terraform.plan(0)
    reads = list(fake.requests)
    assert len(reads) <= 12
    assert ("GET", "/state") in reads
    del fake.objects["flow/a.b/f7"]
    out = terraform.plan(2)
    assert "1 to add, 0 to change, 0 to destroy" in out


def test_one_bad_flow_does_not_fail_its_neighbours(terraform, fake):
    from .fake import Refused

    fake.refusals["flow/a.b/f3"] = Refused(422, "invalid-object", "flow/a.b/f3 is refused.")
    terraform.write(
        'locals {\n  flows = { for n in range(8) : "f${n}" => "id: f${n}\\nnamespace: a.b\\n" }\n}\n'
        'resource "penstock_flow" "many" {\n  for_each = local.flows\n  source = each.value\n}\n'
    )
    out = terraform.apply(code=1)
    assert out.count("Error:") == 1
    assert "f3" in out
    assert len(fake.objects) == 7
    fake.refusals.clear()
    terraform.apply()
    terraform.plan(0)


def test_data_source(terraform, fake):
    fake.write("flow", "company.team", "hello", {"source": FLOW + "description: Greets\n"}, "ui")
    data = 'data "penstock_flow" "hello" {\n  namespace = "company.team"\n  flow_id = "%s"\n}\n'
    terraform.write(data % "hello" + 'output "all" { value = data.penstock_flow.hello }\n')
    terraform.apply()
    shown = terraform.run("output", "-json", "all")
    assert "Greets" in shown
    assert fake.objects["flow/company.team/hello"]["contentHash"] in shown
    terraform.write(data % "none")
    assert "There is no flow company.team/none" in terraform.plan(1)
