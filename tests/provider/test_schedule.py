"""`penstock_schedule` with the real Terraform."""

SCHEDULE = """
resource "penstock_schedule" "nightly" {
  namespace   = "a.b"
  schedule_id = "nightly"
  flow_id     = "hello"
  cron        = "0 2 * * *"
  inputs      = { day = "today", limit = 3 }
}
"""


def test_life(terraform, fake):
    terraform.write(SCHEDULE)
    assert "There is no flow/a.b/hello yet" in terraform.plan(2)
    terraform.apply()
    there = fake.objects["schedule/a.b/nightly"]
    assert (there["timezone"], there["disabled"]) == ("UTC", False)
    assert there["inputs"] == {"day": "today", "limit": 3}
    terraform.plan(0)

    zoned = SCHEDULE.replace("cron  ", 'timezone = "Europe/Vienna"\n  disabled = true\n  cron')
    terraform.write(zoned)
    assert "update in-place" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    terraform.write(SCHEDULE)
    assert '"Europe/Vienna" -> "UTC"' in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)

    fake.write(
        "schedule", "a.b", "nightly", {"flowId": "hello", "cron": "1 1 * * *"}, "terraform:default"
    )
    assert '"1 1 * * *" -> "0 2 * * *"' in terraform.plan(2)
    terraform.apply()
    del fake.objects["schedule/a.b/nightly"]
    assert "1 to add" in terraform.plan(2)
    terraform.write("")
    terraform.apply()
    assert fake.objects == {}


def test_import(terraform, fake):
    spec = {"flowId": "hello", "cron": "0 2 * * *", "inputs": {"day": "today", "limit": 3}}
    fake.write("schedule", "a.b", "nightly", spec, "terraform:default")
    terraform.write(SCHEDULE)
    terraform.run("import", "penstock_schedule.nightly", "a.b/nightly")
    terraform.plan(0)


def test_wrong_cron(terraform):
    terraform.write(SCHEDULE.replace("0 2 * * *", "0 2 * *"))
    out = terraform.run("validate", "-no-color", code=1)
    assert "has 4 fields" in out
    terraform.write(SCHEDULE.replace("0 2 * * *", "99 2 * * *"))
    out = terraform.plan(1)
    assert "cron" in out
    assert "never fires" in out
    assert "Minutes go to 59." in out


def test_flow_and_schedule_leave_together(terraform, fake):
    flow = 'resource "penstock_flow" "hello" {\n  source = "id: hello\\nnamespace: a.b\\n"\n}\n'
    terraform.write(flow + SCHEDULE)
    terraform.apply()
    terraform.write("")
    terraform.apply()
    assert fake.objects == {}
