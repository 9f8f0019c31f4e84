"""The offline check of files and folders."""

from penstock.language.check import check_files
from penstock.language.excerpt import render_problems
from penstock.language.parse import MAX_BYTES

GOOD = "id: {id}\nnamespace: b.c\ntasks:\n  - {{id: t, type: test.Echo, text: x}}\n"


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_good_folder_has_no_problems(tmp_path, catalog):
    write(
        tmp_path, {"a.yaml": GOOD.format(id="a"), "deep/b.yml": GOOD.format(id="b"), "c.txt": "["}
    )
    checked = check_files([tmp_path], catalog)
    assert checked.ok
    assert checked.to_json() == []
    assert len(checked.sources) == 2
    assert render_problems(checked.problems, checked.sources) == "No problems.\n"


def test_json_has_exactly_the_documented_keys(tmp_path, catalog):
    write(tmp_path, {"a.yaml": "id: a\nnamespace: b\ntasks:\n  - {id: t, type: test.Eco}\n"})
    path = tmp_path / "a.yaml"
    assert check_files([path], catalog).to_json() == [
        {
            "file": str(path),
            "path": "tasks[0].type",
            "line": 4,
            "column": 19,
            "severity": "error",
            "code": "unknown-type",
            "message": "Unknown task type `test.Eco`.",
            "hint": "Did you mean `test.Echo`?",
        }
    ]


def test_what_no_file_can_say_alone(tmp_path, catalog):
    call = "id: {}\nnamespace: b.c\ntasks:\n  - {{id: t, type: test.Call, namespace: {}, flowId: {}}}\n"
    write(
        tmp_path,
        {
            "1.yaml": GOOD.format(id="load"),
            "2.yaml": GOOD.format(id="load"),
            "3.yaml": call.format("x", "b.c", "laod"),
            "4.yaml": call.format("y", "elsewhere", "z"),
            "5.yaml": call.format("z", "b.c", "load"),
        },
    )
    checked = check_files([tmp_path], catalog)
    assert [
        (one.file[-6:], one.line, one.code, one.severity.value) for one in checked.problems
    ] == [
        ("2.yaml", 1, "duplicate-flow", "error"),
        ("3.yaml", 4, "unknown-subflow", "warning"),
    ]
    assert checked.problems[1].hint == "Did you mean `load`?"


def test_files_that_cannot_be_read(tmp_path, catalog):
    (tmp_path / "latin.yaml").write_bytes(b"id: a\nx: \xe9\n")
    (tmp_path / "large.yaml").write_text("#" * (MAX_BYTES + 1))
    (tmp_path / "empty").mkdir()
    paths = [tmp_path / name for name in ("latin.yaml", "large.yaml", "empty", "absent.yaml")]
    checked = check_files(paths, catalog)
    assert not checked.ok
    assert sorted(one.code for one in checked.problems) == [
        "body-too-large", "encoding", "file-not-found", "no-files",
    ]  # fmt: skip
    (encoding,) = (one for one in checked.problems if one.code == "encoding")
    assert (encoding.line, encoding.column) == (2, 4)


def test_the_caret_stands_under_the_place_in_long_lines(tmp_path, catalog):
    text = "x" * 300
    write(
        tmp_path,
        {
            "a.yaml": f'id: a\nnamespace: b\ntasks:\n  - {{id: t, type: test.Echo, text: "{text} {{{{ ) }}}}"}}\n'
        },
    )
    checked = check_files([tmp_path / "a.yaml"], catalog)
    lines = render_problems(checked.problems, checked.sources).split("\n")
    assert lines[1][lines[2].index("^")] == ")"
    assert len(lines[1]) < 120
