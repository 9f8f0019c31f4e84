"""A secret's way through Terraform into the server leaves no byte of it anywhere else."""

import base64
import os
import zipfile

CANARY = "kanarienvogel-4d1b7c"


def test_no_byte_of_a_secret_is_kept(terraform, server, namespace):
    terraform.write(
        'variable "value" {\n  type = string\n  ephemeral = true\n  sensitive = true\n}\n'
        f'resource "penstock_secret" "it" {{\n  namespace = "{namespace}"\n  key = "KEY"\n'
        "  value_wo = var.value\n  value_wo_version = 1\n}\n"
    )
    saved, trace = terraform.directory / "saved.plan", terraform.directory / "trace.log"
    more = {"TF_VAR_value": CANARY, "TF_LOG": "TRACE", "TF_LOG_PATH": str(trace)}
    out = terraform.run("plan", "-no-color", f"-out={saved}", **more)
    out += terraform.run("apply", "-no-color", str(saved), **more)
    out += terraform.run("plan", "-no-color", "-detailed-exitcode", **more)
    out += terraform.run("show", "-json", **more)
    changed = {**more, "TF_VAR_value": CANARY + "2"}
    out += terraform.run("plan", "-no-color", "-detailed-exitcode", code=2, **changed)
    assert "fingerprint" in out

    for path in (f"/secrets/{namespace}/KEY", f"/secrets?namespace={namespace}", "/audit-events"):
        out += server.http.get(path).text
    out += server.http.get("/state", params={"kinds": "secret", "namespaces": namespace}).text
    with zipfile.ZipFile(saved) as archive:
        found = [archive.read(name) for name in archive.namelist()]
    for folder in (terraform.directory, server.data):
        found += [
            path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and os.access(path, os.R_OK)
        ]
    assert trace.stat().st_size > 10_000
    assert len(found) > 5
    for data in [out.encode(), *found]:
        assert CANARY.encode() not in data
        assert base64.b64encode(CANARY.encode())[:-4] not in data
