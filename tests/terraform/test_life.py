"""Each resource's whole life against the real server: plan, apply, empty plan, update, import, drift, delete."""

from pathlib import Path

from penstock.docs.build import EXAMPLES

from .life import resources

HERE = Path(__file__).parent


def test_D21_every_resource_has_a_life_an_example_and_an_import():
    assert sorted(path.stem for path in (HERE / "lives").glob("*.py")) == resources()
    for noun in resources():
        folder = EXAMPLES / "resources" / f"penstock_{noun}"
        assert f'resource "penstock_{noun}"' in (folder / "main.tf").read_text()
        assert f"terraform import penstock_{noun}." in (folder / "import.sh").read_text()


def test_D21_life(life, terraform, server):
    terraform.write(life.block)
    terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    before = server.get(life.path)

    terraform.write(life.changed)
    assert "1 to change, 0 to destroy" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    after = server.get(life.path)
    assert after["revision"] == before["revision"] + 1
    assert after["contentHash"] != before["contentHash"]

    server.put(life.path, life.drifted)
    assert "1 to change" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    assert server.get(life.path)["contentHash"] == after["contentHash"]

    server.delete(life.path)
    assert "1 to add" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)

    terraform.write("")
    terraform.apply()
    assert server.gone(life.path)


def test_D21_import(life, terraform, server):
    terraform.write(life.block)
    terraform.apply()
    terraform.run("state", "rm", life.address)
    terraform.run("import", life.address, life.identity)
    terraform.plan(0)
    terraform.run("state", "rm", life.address)
    imports = f'import {{\n  to = {life.address}\n  id = "{life.identity}"\n}}\n'
    terraform.write(life.block + imports)
    assert "1 to import, 0 to add, 0 to change, 0 to destroy" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)


def test_D22_the_same_apply_twice_makes_no_revision(life, terraform, server):
    terraform.write(life.block)
    terraform.apply()
    before = server.get(life.path)
    # Terraform knows nothing of it any more, and writes all of it again.
    terraform.run("state", "rm", life.address)
    assert "1 to add" in terraform.plan(2)
    terraform.apply()
    assert server.get(life.path) == before
    terraform.plan(0)


def test_D21_deleted_behind_the_back_and_destroyed(life, terraform, server):
    terraform.write(life.block)
    terraform.apply()
    server.delete(life.path)
    terraform.write("")
    terraform.run("apply", "-auto-approve", "-refresh=false")
