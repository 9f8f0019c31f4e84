"""Each environment has a state of its own, and it survives the deletion of the build output."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

SERVER = 'server: {endpoint: "http://127.0.0.1:1"}\n'


@pytest.mark.parametrize(
    ("dev", "prod"),
    [
        ("{local: {path: state/one.tfstate}}", "{local: {path: ./state/../state/one.tfstate}}"),
        ("{http: {address: 'http://h/s'}}", "{http: {address: 'http://h/s', lock_method: PUT}}"),
        ("{http: {address: '${env:S:-http://h/s}'}}", "{http: {address: 'http://h/s'}}"),
        ("{s3: {bucket: b, key: k}}", "{s3: {bucket: b, key: k, region: r}}"),
        ("{pg: {}}", "{pg: {}}"),
    ],
)
def test_D26_one_state_for_two_environments_is_refused(project, run, dev, prod):
    project.write("environments/dev/environment.yaml", f"{SERVER}backend: {dev}\n")
    project.write("environments/prod/environment.yaml", f"{SERVER}backend: {prod}\n")
    project.commit()
    # Also when only one of the two is asked for.
    for names in ((), ("dev",), ("prod",)):
        code, _, err = run("env", "synth", *names)
        assert code == 1
        assert "`prod` keeps its Terraform state in the same place as `dev`" in err
        assert "environments/prod/environment.yaml:2:10" in err
        assert not (project.root / "cdktf.out").exists()


def test_D26_a_state_reached_through_a_link_is_the_same_state(project, run):
    (project.root / "state").mkdir()
    (project.root / "link").symlink_to("state")
    project.write(
        "environments/dev/environment.yaml", SERVER + "backend: {local: {path: state/s}}\n"
    )
    project.write(
        "environments/prod/environment.yaml", SERVER + "backend: {local: {path: link/s}}\n"
    )
    code, _, err = run("env", "synth")
    assert code == 1
    assert "in the same place" in err


@pytest.mark.parametrize(
    ("dev", "prod"),
    [
        ("{local: {path: state/dev}}", "{local: {path: state/prod}}"),
        ("{http: {address: 'http://h/dev'}}", "{http: {address: 'http://h/prod'}}"),
        ("{s3: {bucket: b, key: dev}}", "{s3: {bucket: b, key: prod}}"),
        ("{pg: {schema_name: dev}}", "{pg: {schema_name: prod}}"),
        ("{local: {path: s}}", "{gcs: {bucket: s}}"),
    ],
)
def test_D26_two_states_are_two_backends_in_two_files(project, run, dev, prod):
    project.write("environments/dev/environment.yaml", f"{SERVER}backend: {dev}\n")
    project.write("environments/prod/environment.yaml", f"{SERVER}backend: {prod}\n")
    project.commit()
    assert run("env", "synth")[0] == 0
    one, other = (project.stack(env)["terraform"]["backend"] for env in ("dev", "prod"))
    assert one != other


def test_a_local_state_is_relative_to_the_root_and_outside_the_build_output(project, run):
    project.commit()
    assert run("env", "synth")[0] == 0
    assert project.stack("dev")["terraform"]["backend"] == {
        "local": {"path": "../../../state/dev.tfstate"}
    }


def test_a_local_state_inside_the_build_output_is_refused(project, run):
    project.write(
        "environments/dev/environment.yaml", SERVER + "backend: {local: {path: cdktf.out/s}}\n"
    )
    project.commit()
    code, _, err = run("env", "synth")
    assert code == 1
    assert "inside the build output" in err


def test_the_state_may_be_on_a_penstock_server_as_the_docs_say(project, run, monkeypatch):
    docs = (Path(__file__).parents[2] / "docs/promotion.md").read_text("utf-8")
    example = next(
        each
        for each in re.findall(r"```yaml\n(.*?)```", docs, re.DOTALL)
        if "terraform-state" in each
    )
    project.write("environments/prod/environment.yaml", SERVER + textwrap.dedent(example))
    project.commit()
    monkeypatch.setenv("STATE_URL", "https://state.example.com:8484")
    code, _, err = run("env", "synth")
    assert code == 0, err
    stack = project.stack("prod")
    address = "https://state.example.com:8484/api/v1/tenants/main/terraform-state/prod"
    names = ("address", "lock_address", "unlock_address")
    assert stack["terraform"]["backend"] == {"http": dict.fromkeys(names, address)}
