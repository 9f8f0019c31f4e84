"""`penstock_file` and `penstock_files`: any bytes, known by their hash at plan, and kept out of the state."""

import base64
import hashlib
import os

import pytest

from .life import block, quoted

BINARY = bytes(range(256)) * 3
MOST = 10 * 1024 * 1024


def write(terraform, namespace, path='"a/b.bin"', **content):
    terraform.write(block("penstock_file", namespace=quoted(namespace), path=path, **content))


def local(terraform, data, name="local.bin"):
    (terraform.directory / name).write_bytes(data)
    return quoted(str(terraform.directory / name))


def content(server, namespace, path="a/b.bin"):
    answer = server.http.get("/files:content", params={"namespace": namespace, "path": path})
    assert answer.status_code == 200
    return answer.content


def test_a_local_file_is_known_by_its_hash(terraform, server, namespace):
    source = local(terraform, BINARY)
    write(terraform, namespace, source=source)
    out = terraform.plan(2)
    assert hashlib.sha256(BINARY).hexdigest() in out
    assert "+ size = 768" in out
    terraform.apply()
    assert content(server, namespace) == BINARY
    terraform.plan(0)
    state = (terraform.directory / "terraform.tfstate").read_bytes()
    assert base64.b64encode(BINARY)[:100] not in state
    assert b"local.bin" not in state

    local(terraform, BINARY + b"!")
    out = terraform.plan(2)
    assert "1 to change" in out
    assert hashlib.sha256(BINARY + b"!").hexdigest() in out
    terraform.apply()
    assert content(server, namespace) == BINARY + b"!"
    terraform.plan(0)

    # Another name for the same bytes is no change.
    write(terraform, namespace, source=local(terraform, BINARY + b"!", "other.bin"))
    terraform.plan(0)

    server.put(f"/files/{namespace}/a/b.bin", {"content": "drift"})
    assert "1 to change" in terraform.plan(2)
    terraform.apply()
    assert content(server, namespace) == BINARY + b"!"
    terraform.plan(0)


@pytest.mark.parametrize(
    ("given", "data"),
    [
        ({"content": '"text\\n"'}, b"text\n"),
        ({"content": '""'}, b""),
        ({"content_base64": f'"{base64.b64encode(BINARY).decode()}"'}, BINARY),
        ({"source": None}, BINARY),
    ],
)
def test_an_import_ends_in_an_empty_plan(terraform, server, namespace, given, data):
    if given.get("source", "") is None:
        given = {"source": local(terraform, data)}
    write(terraform, namespace, **given)
    terraform.apply()
    assert content(server, namespace) == data
    terraform.run("state", "rm", "penstock_file.it")
    terraform.run("import", "penstock_file.it", f"{namespace}/a/b.bin")
    terraform.plan(0)


def test_the_same_bytes_in_another_form_make_no_revision(terraform, server, namespace):
    write(terraform, namespace, content='"text\\n"')
    terraform.apply()
    write(terraform, namespace, content_base64='base64encode("text\\n")')
    assert "1 to change" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    write(terraform, namespace, source=local(terraform, b"text\n"))
    terraform.plan(0)
    assert server.get(f"/files/{namespace}/a/b.bin")["revision"] == 1


def test_ten_megabytes(terraform, server, namespace):
    data = os.urandom(MOST)
    write(terraform, namespace, source=local(terraform, data))
    terraform.apply()
    assert content(server, namespace) == data
    terraform.plan(0)
    assert (terraform.directory / "terraform.tfstate").stat().st_size < 5_000
    terraform.run("state", "rm", "penstock_file.it")
    terraform.run("import", "penstock_file.it", f"{namespace}/a/b.bin")
    terraform.plan(0)

    local(terraform, data + b"!")
    out = terraform.plan(1)
    assert f"It has {MOST + 1} bytes; a file of a namespace has at most {MOST}." in out
    assert "source =" in out


def test_ten_megabytes_of_text(terraform, server, namespace):
    text = "\u0001\n" * (MOST // 2)  # in JSON several times as long
    source = local(terraform, text.encode())
    write(terraform, namespace, content=f"file({source})")
    terraform.apply()
    assert content(server, namespace) == text.encode()
    terraform.plan(0)


def test_a_content_that_is_known_only_after_apply(terraform, server, namespace):
    attributes = {"namespace": quoted(namespace), "path": '"a"'}
    late = 'resource "terraform_data" "word" { input = "hi" }\n'
    terraform.write(
        late + block("penstock_file", **attributes, content="terraform_data.word.output")
    )
    terraform.plan(2)
    terraform.apply()
    assert content(server, namespace, "a") == b"hi"
    terraform.plan(0)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({}, "Give one of `content`, `content_base64` and `source`; none is given."),
        ({"content": '"a"', "source": '"b"'}, "`content` and `source` are given."),
        ({"content_base64": '"?"'}, "`content_base64` is no base64"),
        ({"source": '"/no/such.bin"'}, "`source` cannot be read: No such file or directory"),
        ({"source": '"/"'}, "`source` cannot be read: Is a directory"),
        ({"content": '"a"', "path": '"../a"'}, "`../a` is no path of a file."),
        ({"content": '"a"', "path": '"/a"'}, "`/a` is no path of a file."),
    ],
)
def test_mistakes_are_stopped_at_plan(terraform, namespace, attributes, said):
    whole = {"namespace": quoted(namespace), "path": '"a"', **attributes}
    terraform.write(block("penstock_file", **whole))
    out = terraform.plan(1)
    assert said in out
    assert "on main.tf line" in out


def test_a_malformed_import_id(terraform, namespace):
    write(terraform, namespace, content='""')
    out = terraform.run("import", "-no-color", "penstock_file.it", "nothing", code=1)
    assert "Write it as `namespace/path`" in out


def files(namespace, more="", **texts):
    rows = "".join(
        f"    {quoted(path.replace('__', '/'))} = {quoted(text)}\n" for path, text in texts.items()
    )
    return f'resource "penstock_files" "it" {{\n  namespace = "{namespace}"\n  files = {{\n{rows}  }}\n  {more}\n}}\n'


def listed(server, namespace):
    items = server.get(f"/files?namespace={namespace}")["items"]
    return [item["path"] for item in items if item["namespace"] == namespace]


def test_a_set_of_files(terraform, server, namespace):
    terraform.write(files(namespace, sql__a="one\n", sql__b="two\n"))
    out = terraform.plan(2)
    assert hashlib.sha256(b"one\n").hexdigest() in out
    terraform.apply()
    assert listed(server, namespace) == ["sql/a", "sql/b"]
    terraform.write(files(namespace, sql__a="one\nmore\n", c="three\n"))
    out = terraform.plan(2)
    assert "+ more" in out
    terraform.apply()
    terraform.plan(0)
    assert listed(server, namespace) == ["c", "sql/a"]
    server.put(f"/files/{namespace}/c", {"content": "drift\n"})
    out = terraform.plan(2)
    assert "- drift" in out
    assert "+ three" in out
    terraform.apply()
    terraform.plan(0)
    assert terraform.state()["penstock_files.it"]["revisions"] == {"c": 3, "sql/a": 2}


def test_a_refused_set_of_files_leaves_nothing_and_names_the_member(terraform, server, namespace):
    foreign = {"content": "theirs\n"}
    server.put(f"/files/{namespace}/sql/b", foreign, **{"Penstock-Owner": "ui"})
    terraform.write(files(namespace, sql__a="one\n", sql__b="two\n"))
    out = terraform.apply(code=1)
    assert "sql/b" in out
    assert listed(server, namespace) == ["sql/b"]
    terraform.write(files(namespace, a__b="one\n", a="two\n"))
    out = terraform.plan(1)
    assert "`a/b`: path: `a` is a file, not a folder." in out


def test_a_file_becomes_a_folder(terraform, server, namespace):
    terraform.write(files(namespace, a="one\n", b__c="two\n"))
    terraform.apply()
    terraform.write(files(namespace, a__d="one\n", b="two\n"))
    terraform.apply()
    assert listed(server, namespace) == ["a/d", "b"]
    terraform.plan(0)


def test_bytes_that_are_no_text_are_shown_as_such_and_not_imported(terraform, server, namespace):
    terraform.write(files(namespace, a="one\n"))
    terraform.apply()
    server.put(f"/files/{namespace}/a", {"base64": base64.b64encode(b"\xff\0").decode()})
    assert "(2 bytes, no text)" in terraform.plan(2)
    terraform.run("state", "rm", "penstock_files.it")
    out = terraform.run("import", "-no-color", "penstock_files.it", namespace, code=1)
    assert f"File {namespace}/a is no text" in out
