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


SHARED = """
resource "penstock_namespace" "team" {
  namespace          = "company.team"
  allowed_namespaces = ["company.reporting", "ops"]
  plugin_defaults = [
    { type = "core.log", values = { level = "WARN", tags = ["a", 1] } },
    { type = "core.http.Request", values = { timeout = "PT5S" }, forced = true, ref = "calls" },
  ]
}
"""
ALLOWED = ["company.reporting", "ops"]
DEFAULTS = [
    {"type": "core.log", "values": {"level": "WARN", "tags": ["a", 1]}},
    {
        "type": "core.http.Request",
        "values": {"timeout": "PT5S"},
        "forced": True,
        "ref": "calls",
    },
]


def there(fake) -> dict:
    return fake.objects["namespace/company.team"]


def test_who_may_use_it_and_what_its_flows_inherit(terraform, fake):
    terraform.write(SHARED)
    terraform.plan(2)
    terraform.apply()
    assert there(fake)["allowedNamespaces"] == ALLOWED
    assert there(fake)["pluginDefaults"] == DEFAULTS
    terraform.plan(0)

    terraform.write(SHARED.replace('"WARN"', '"ERROR"').replace(', "ops"', ""))
    assert "update in-place" in terraform.plan(2)
    terraform.apply()
    assert there(fake)["pluginDefaults"][0]["values"]["level"] == "ERROR"
    assert there(fake)["allowedNamespaces"] == ["company.reporting"]
    terraform.plan(0)

    terraform.write(SHARED)
    fake.write("namespace", "company.team", None, {"description": None}, "terraform:default")
    out = terraform.plan(2)
    assert "+ allowed_namespaces" in out
    assert "+ plugin_defaults" in out
    terraform.apply()
    terraform.plan(0)

    terraform.write('resource "penstock_namespace" "team" {\n  namespace = "company.team"\n}\n')
    assert "update in-place" in terraform.plan(2)
    terraform.apply()
    assert not there(fake).get("allowedNamespaces")
    assert not there(fake).get("pluginDefaults")
    terraform.plan(0)


def test_nobody_is_not_the_same_as_no_list(terraform, fake):
    block = SHARED.replace('["company.reporting", "ops"]', "[]")
    terraform.write(block)
    terraform.apply()
    assert there(fake)["allowedNamespaces"] == []
    terraform.plan(0)


def test_what_says_the_same_is_no_change(terraform, fake):
    terraform.write(SHARED)
    terraform.apply()
    terraform.write(SHARED.replace("1] } }", "1] }, forced = false, ref = null }"))
    terraform.plan(0)


def test_import_of_lists(terraform, fake):
    fake.write(
        "namespace",
        "company.team",
        None,
        {"allowedNamespaces": ["ops", "company.reporting"], "pluginDefaults": DEFAULTS},
        "terraform:default",
    )
    terraform.write(SHARED)
    terraform.run("import", "penstock_namespace.team", "company.team")
    terraform.plan(0)
