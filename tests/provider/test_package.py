"""The provider as one file: the same bytes everywhere, its start, and the Pythons that it meets."""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import penstock_provider
from penstock_provider import package_main
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.protocol import types
from penstock_provider.package import PACKED, PROGRAM, build
from penstock_provider.provider import Penstock

SOURCE = Path(penstock_provider.__file__).parent
COOKIE = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
}
BUILDS = "import sys; from penstock_provider.package import build; sys.stdout.buffer.write(build())"


@pytest.fixture(scope="module")
def built() -> bytes:
    return build()


@pytest.fixture
def program(tmp_path, built) -> Path:
    path = tmp_path / PROGRAM
    path.write_bytes(built)
    path.chmod(0o755)
    return path


def environment(cache: Path, **more: str) -> dict[str, str]:
    kept = {"PATH": os.environ["PATH"], "HOME": str(cache), "XDG_CACHE_HOME": str(cache)}
    return {**kept, "PENSTOCK_PYTHON": sys.executable, **COOKIE, **more}


def handshake(program: Path, env: dict[str, str]) -> subprocess.Popen[str]:
    """Starts the provider as Terraform does, until it says where it listens."""
    process = subprocess.Popen(
        [program], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert line.startswith("1|6|unix|"), process.communicate()
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def run(program: Path, env: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [program], env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_two_folders_build_the_same_bytes(tmp_path, built):
    found = []
    for name in ("one", "other place"):
        root = tmp_path / name
        shutil.copytree(SOURCE, root / "penstock_provider")
        for path in root.rglob("*.py"):
            path.chmod(0o600 if name == "one" else 0o755)
            os.utime(path, (1, 1) if name == "one" else None)
        (root / "penstock_provider" / "resources" / "flow.py~").write_text("an editor's")
        env = {**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": str(len(found))}
        done = subprocess.run(
            [sys.executable, "-P", "-c", BUILDS], env=env, cwd=root, capture_output=True, check=True
        )
        found.append(done.stdout)
    assert found[0] == found[1] == built


def test_nothing_of_this_machine_is_inside(built):
    for word in (str(SOURCE), str(Path.home()), sys.prefix, os.uname().nodename):
        if len(word) > 4:
            assert word.encode() not in built, word
    with zipfile.ZipFile(io.BytesIO(built)) as content:
        assert content.testzip() is None
        names = content.namelist()
        assert names == sorted(names)
        others = [name for name in names if not name.endswith(".py")]
        assert others == ["penstock_provider/schemas.bin"]
        for entry in content.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.compress_type == zipfile.ZIP_STORED, "not every zlib writes the same"


def test_the_schemas_of_all_types_are_inside(built):
    with zipfile.ZipFile(io.BytesIO(built)) as content:
        inside = content.read("penstock_provider/schemas.bin")
    told = types["GetProviderSchemaResponse"].FromString(inside)
    assert {entry.key for entry in told.resource_schemas} == {*Penstock(Loop()).resources()}
    assert told.provider.block.attributes
    assert told.server_capabilities.get_provider_schema_optional


def test_it_imports_nothing_that_is_not_inside():
    known = {*sys.stdlib_module_names, "penstock_provider", *PACKED}
    imported: dict[str, str] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported |= {name.partition(".")[0]: path.name for name in names}
    assert {name: at for name, at in imported.items() if name not in known} == {}
    assert set(PACKED) <= set(imported), "what nobody imports is not packed"


def test_the_first_start_unpacks_and_the_second_compiles_nothing(tmp_path, program):
    cache = tmp_path / "cache"
    end(handshake(program, environment(cache)))
    own = cache / "penstock-provider"
    (folder,) = own.iterdir()
    for path in (own, folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    compiled = {path: path.stat().st_mtime_ns for path in folder.rglob("*.pyc")}
    assert any(path.name.startswith("plugin.") for path in compiled)
    end(handshake(program, environment(cache)))
    # What a start needs after the handshake may come in its time.
    assert {path: path.stat().st_mtime_ns for path in compiled} == compiled


def test_a_folder_with_missing_files_is_made_anew(tmp_path, program):
    cache = tmp_path / "cache"
    end(handshake(program, environment(cache)))
    (folder,) = (cache / "penstock-provider").iterdir()
    files = {path.relative_to(folder) for path in folder.rglob("*.py")}
    for name in ("framework/core.py", "resources/flow.py"):
        (folder / "penstock_provider" / name).unlink()
    end(handshake(program, environment(cache)))
    assert {path.relative_to(folder) for path in folder.rglob("*.py")} == files
    assert list((cache / "penstock-provider").iterdir()) == [folder], "nothing is left beside it"


def test_starts_at_the_same_time_share_one_folder(tmp_path, program):
    cache = tmp_path / "cache"
    processes = [
        subprocess.Popen([program], env=environment(cache), stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout.readline().startswith("1|6|unix|")
        end(process)
    assert len(list((cache / "penstock-provider").iterdir())) == 1


@pytest.mark.parametrize("how", ["writable", "writable above", "link"])
def test_a_folder_that_others_may_have_written_is_not_trusted(tmp_path, program, how):
    digest = re.search(rb'^DIGEST = "(\w{64})"$', program.read_bytes(), re.MULTILINE)[1].decode()
    own = tmp_path / "cache" / "penstock-provider"
    evil = tmp_path / "evil" if how == "link" else own / digest
    (evil / "penstock_provider").mkdir(parents=True)
    (evil / "penstock_provider" / "__init__.py").write_text("raise SystemExit('foreign code')")
    if how == "link":
        own.mkdir(parents=True, mode=0o700)
        (own / digest).symlink_to(evil)
    else:
        for path in (own, own / digest):
            path.chmod(0o700)
        (own if how == "writable above" else own / digest).chmod(0o777)
    end(handshake(program, environment(tmp_path / "cache")))


def test_without_a_cache_it_runs_from_the_file(tmp_path, program):
    (tmp_path / "file").write_text("no folder")
    end(handshake(program, environment(tmp_path / "file")))
    assert (tmp_path / "file").read_text() == "no folder"


def test_PENSTOCK_PYTHON_may_have_spaces_and_wins_over_path(tmp_path, program):
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "my python").symlink_to(sys.executable)
    env = environment(tmp_path, PENSTOCK_PYTHON=str(folder / "my python"), PATH="/usr/bin:/bin")
    end(handshake(program, env))


def test_without_python_it_says_so(tmp_path, program):
    shell = tmp_path / "bin"
    shell.mkdir()
    (shell / "sh").symlink_to("/bin/sh")
    done = run(program, environment(tmp_path, PENSTOCK_PYTHON="", PATH=str(shell)))
    assert (done.returncode, done.stdout) == (1, "")
    assert "needs Python 3.11 or newer, and there is no python3 on PATH" in done.stderr
    done = run(program, environment(tmp_path, PENSTOCK_PYTHON="/no/python"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no /no/python on PATH" in done.stderr


def old(path: Path) -> Path:
    """A Python that says that it is 3.9."""
    says = "sys.version_info = (3, 9, 1); sys.version = '3.9.1 (old)'; sys.argv = sys.argv[1:]"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f'#!/bin/sh\nshift 2\nexec {sys.executable} -I -S -c "import runpy, sys; {says}\n'
        'runpy.run_path(sys.argv[0], run_name=\'__main__\')" "$@"\n'
    )
    path.chmod(0o755)
    return path


def test_an_old_python_says_so(tmp_path, program):
    python = old(tmp_path / "bin" / "python3")
    done = run(program, environment(tmp_path, PENSTOCK_PYTHON=str(python)))
    assert (done.returncode, done.stdout) == (1, "")
    assert "needs Python 3.11 or newer; this is 3.9.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_old_python3_gives_way_to_a_newer_one(tmp_path, program):
    python = old(tmp_path / "bin" / "python3")
    # A stand-in without a Python behind it, as version managers have, is passed over.
    broken, good = (tmp_path / "bin" / f"python3.{minor}" for minor in (14, 12))
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    good.symlink_to(sys.executable)
    env = environment(tmp_path, PENSTOCK_PYTHON="", PATH=f"{python.parent}:/usr/bin:/bin")
    end(handshake(program, env))


def test_the_oldest_python_is_the_products():
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">=" + ".".join(map(str, package_main.OLDEST))
    pinned = {line.partition("==")[0] for line in project["dependencies"] if "==" in line}
    assert set(PACKED) <= pinned, "another version of it would be another file"


def test_old_pythons_can_read_what_tells_them_so():
    source = Path(package_main.__file__).read_text("utf-8")
    ast.parse(source, feature_version=(3, 5))
    for newer in ("match x:\n  case _: pass", "(a := 1)"):
        with pytest.raises(SyntaxError):
            ast.parse(newer, feature_version=(3, 5))
