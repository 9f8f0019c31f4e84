"""`penstock_namespace` with the real Terraform."""

NAMESPACE = """
resource "penstock_namespace" "team" {
  namespace   = "company.team"
  description = "Ours"
  variables   = { region = "eu", sizes = [1, 2.5, "x"], deep = { on = true, none = null } }
  labels      = { cost = "42" }
}
"""


def test_life(terraform, fake):
    terraform.write(NAMESPACE)
    out = terraform.plan(2)
    assert "revision" in out
    terraform.apply()
    there = fake.objects["namespace/company.team"]
    assert there["variables"] == {
        "region": "eu",
        "sizes": [1, 2.5, "x"],
        "deep": {"on": True, "none": None},
    }
    assert there["owner"] == "terraform:default"
    terraform.plan(0)

    terraform.write(NAMESPACE.replace('"Ours"', '"Theirs"'))
    assert "update in-place" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    assert terraform.state()["penstock_namespace.team"]["revision"] == 2

    fake.write("namespace", "company.team", None, {"description": "drifted"}, "terraform:default")
    assert '"drifted" -> "Theirs"' in terraform.plan(2)
    terraform.apply()
    assert fake.objects["namespace/company.team"]["description"] == "Theirs"

    del fake.objects["namespace/company.team"]
    assert "1 to add" in terraform.plan(2)
    terraform.apply()

    terraform.write("")
    terraform.apply()
    assert fake.objects == {}


def test_import(terraform, fake):
    fake.write(
        "namespace",
        "company.team",
        None,
        {
            "description": "Ours",
            "variables": {
                "region": "eu",
                "sizes": [1, 2.5, "x"],
                "deep": {"on": True, "none": None},
            },
            "labels": {"cost": "42"},
        },
        "terraform:default",
    )
    terraform.write(NAMESPACE)
    terraform.run("import", "penstock_namespace.team", "company.team")
    terraform.plan(0)
