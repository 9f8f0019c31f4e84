"""Bad settings are named with file, line, column and the nearest right name."""

from __future__ import annotations

import pytest

from penstock_cdktf.environment import read_environment
from penstock_cdktf.errors import InvalidFileError

GOOD = """\
server: {endpoint: "http://127.0.0.1:1"}
backend: {local: {path: state/dev.tfstate}}
"""


def read(text: str, **environ: str):
    return read_environment(text, name="dev", file="dev.yaml", environ=environ)


def complaints(text: str, **environ: str) -> list[str]:
    with pytest.raises(InvalidFileError) as caught:
        read(text, **environ)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            GOOD + "namespace: {}\n",
            "dev.yaml:3:1: `namespace` is unknown. Did you mean `namespaces`?",
        ),
        (
            "server:\n  endpont: x\n" + GOOD.splitlines()[1],
            "dev.yaml:2:3: `server.endpont` is unknown. Did you mean `endpoint`?",
        ),
        (
            GOOD + "owner: a\nowner: b\n",
            "dev.yaml:4:1: `owner` is given twice.",
        ),
        (GOOD + "owner: 3\n", 'dev.yaml:3:8: `owner` must be text. Put it in quotes: "3".'),
        (GOOD + "owner: [\n", "dev.yaml:4:1: This is not YAML"),
        (GOOD + "schedules: 3\n", "dev.yaml:3:12: `schedules` must be a list."),
        (
            GOOD + "flows: {from: gti}\n",
            "dev.yaml:3:15: `flows.from`: `gti` is unknown. Did you mean `git`?",
        ),
        (
            GOOD + "flows: {from: lock, ref: main}\n",
            "dev.yaml:3:26: `flows.ref`: flows from `lock` follow no ref; remove it.",
        ),
        (
            GOOD + "flows: {path: ../other}\n",
            "dev.yaml:3:15: `flows.path`: it must lie inside the repository",
        ),
        (
            GOOD + "schedules:\n  - {namespace: a, id: b, flow: c, cron: 61 * * * *}\n",
            "dev.yaml:4:42: `schedules[0].cron`: `61 * * * *` is no cron expression",
        ),
        (
            GOOD
            + "schedules:\n  - {namespace: a, id: b, flow: c, cron: '* * * * *', timezone: Europe/Pariss}\n",
            (
                "dev.yaml:4:65: `schedules[0].timezone`: there is no time zone `Europe/Pariss`. "
                "Did you mean `Europe/Paris`?"
            ),
        ),
        (
            GOOD + "schedules:\n" + "  - {namespace: a, id: b, flow: c, cron: '* * * * *'}\n" * 2,
            "dev.yaml:5:5: `schedules[1]`: a/b is declared twice.",
        ),
        (
            GOOD
            + "secrets:\n  - {namespace: a, key: K, manager: {kind: gcp, project: p, secret: s, version: latest}}\n",
            "dev.yaml:4:81: `secrets[0].manager.version` is `latest`; it must be a pinned version",
        ),
        (
            GOOD
            + "secrets:\n  - {namespace: a, key: K, manager: {project: p, secret: s, version: 1}}\n",
            '`secrets[0].manager.version` must be text. Put it in quotes: "1".',
        ),
        (
            GOOD
            + "secrets:\n  - {namespace: a, key: K, manager: {kind: aws, project: p, secret: s, version: '1'}}\n",
            "`secrets[0].manager.kind`: `aws` is unknown. Known here: gcp.",
        ),
        (GOOD + "namespaces: {Shop: {}}\n", "dev.yaml:3:20: `namespaces.Shop`: a namespace may"),
        (
            GOOD + "namespaces: {a: {labels: {n: 1}}}\n",
            "the label `n` must be text; put it in quotes.",
        ),
        (
            GOOD + f"namespaces: {{a: {{variables: {{n: {2**60}}}}}}}\n",
            "`namespaces.a.variables.n` is too large to stay exact. Put it in quotes.",
        ),
        (
            GOOD + "namespaces: {a: {allowedNamespace: [b]}}\n",
            "`namespaces.a.allowedNamespace` is unknown. Did you mean `allowedNamespaces`?",
        ),
        (
            GOOD + "namespaces: {a: {allowedNamespaces: [B]}}\n",
            "`namespaces.a.allowedNamespaces`: `B` is neither `*` nor a namespace",
        ),
        (
            GOOD + "namespaces: {a: {pluginDefaults: [{values: {n: 1}}]}}\n",
            "`namespaces.a.pluginDefaults[0].type` is missing.",
        ),
        (
            GOOD + "namespaces: {a: {pluginDefaults: [{type: core.log}]}}\n",
            "`namespaces.a.pluginDefaults[0].values`: it needs at least one property",
        ),
        (GOOD + "namespaces: {a: {variables: {n: .inf}}}\n", "is not a finite number"),
        (GOOD + "namespaces: {a: {variables: &x {n: *x}}}\n", "nested more than 64 levels deep"),
        (
            GOOD + "kv: [{namespace: a, key: k}]\n",
            "`kv[0].value`: it is missing; null is no value to declare.",
        ),
        (
            GOOD + "kv: [{namespace: a, key: k, value: 1, type: NUMBER}]\n",
            "`kv[0].type`: it is `NUMBER`, and must be one of DATETIME, DATE, DURATION",
        ),
        (
            GOOD + "kv: [{namespace: a, key: k, value: 1, ttl: 1d}]\n",
            "`kv[0].ttl` is `1d`; it must be an ISO 8601 duration such as `P7D`.",
        ),
        (
            GOOD + "kv: [{namespace: a, key: k, value: 1}, {namespace: a, key: k, value: 2}]\n",
            "a/k is declared twice",
        ),
        ("server: {endpoint: 'http://h'}\n", "dev.yaml:1:1: `backend` is missing."),
        (
            "server: {endpoint: ftp://h}\nbackend: {local: {path: x}}\n",
            "dev.yaml:1:20: `server.endpoint`: it is not an http or https address.",
        ),
        (
            "server: {endpoint: 'http://h'}\nbackend: {locl: {path: x}}\n",
            "dev.yaml:2:11: `backend.locl` is unknown. Did you mean `local`?",
        ),
        (
            "server: {endpoint: 'http://h'}\nbackend: {local: {path: /abs}}\n",
            "dev.yaml:2:18: `backend.local`: its `path` must be relative",
        ),
        (
            "server: {endpoint: 'http://h'}\nbackend: {local: {path: x}, http: {}}\n",
            "`backend`: it must hold exactly one kind",
        ),
    ],
)
def test_each_mistake_is_one_sentence_with_its_place(text, expected):
    found = complaints(text)
    assert any(expected in one for one in found), found
    assert all(one.startswith("dev.yaml:") for one in found)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    found = complaints("server: {}\nbackend: {}\nowner: 1\nx: 1\n")
    assert [one.split(" ")[0] for one in found] == [
        "dev.yaml:1:9:",
        "dev.yaml:2:10:",
        "dev.yaml:3:8:",
        "dev.yaml:4:1:",
    ]


REFERENCED = GOOD.replace("http://127.0.0.1:1", "${env:DEV_URL:-http://127.0.0.1:9}")


def test_addresses_may_come_from_the_machines_environment_with_a_default():
    assert read(REFERENCED).server.endpoint == "http://127.0.0.1:9"
    assert read(REFERENCED, DEV_URL="https://p.example/").server.endpoint == "https://p.example"
    nested = GOOD + 'namespaces: {a.b: {variables: {u: ["${env:U}/x"]}}}\n'
    assert read(nested, U="http://h").namespaces[0].variables == {"u": ["http://h/x"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD + "owner: ${env:X}\n", "dev.yaml:3:8: `owner` may not come from the machine's"),
        (
            GOOD + "namespaces: {a: {description: '${env:X}'}}\n",
            "`namespaces.a.description` may not come from",
        ),
        (
            GOOD + "namespaces: {a.b: {variables: {p: '${env:PASSWORD}'}}}\n",
            "dev.yaml:3:35: `namespaces.a.b.variables.p` takes a value from the environment that is not",
        ),
        (
            GOOD.replace("http://127.0.0.1:1", "${env:NOPE}"),
            "`server.endpoint` needs the environment variable NOPE, which is not set. Set it, or",
        ),
        (GOOD.replace("http://127.0.0.1:1", "${env:X"), "a reference that is not of the form"),
        (GOOD.replace("http://127.0.0.1:1", "${env:LOGIN}"), "carries a user name or password"),
    ],
)
def test_the_environment_gives_addresses_and_nothing_else(text, expected):
    environ = {"X": "http://x", "PASSWORD": "hunter2", "LOGIN": "http://u:hunter2@h"}
    found = complaints(text, **environ)
    assert any(expected in one for one in found), found
    assert "hunter2" not in "".join(found)


def test_a_secret_is_found_in_its_namespace_and_from_below():
    environment = read(
        GOOD
        + "secrets: [{namespace: a.b, key: K, manager: {project: p, secret: s, version: '1'}}]\n"
    )
    assert environment.has_secret("a.b", "K")
    assert environment.has_secret("a.b.c", "K")
    assert not environment.has_secret("a.bc", "K")
    assert not environment.has_secret("a", "K")


def test_an_unknown_environment_is_answered_with_the_nearest(run):
    code, _, err = run("env", "synth", "dve")
    assert code == 1
    assert "There is no environment `dve`. Did you mean `dev`?" in err


def test_the_shipped_environments_are_valid():
    from pathlib import Path

    from penstock_cdktf.environment import load_environments
    from penstock_cdktf.gates import load_policy

    root = Path(__file__).parents[2]
    found = load_environments(root, environ={})
    assert set(found) >= {"dev", "prod"}
    assert load_policy(root, "prod").promotes_from == "dev"
    assert found["dev"].server.endpoint == "http://127.0.0.1:8484"
    assert found["prod"].server.endpoint == "http://127.0.0.1:8485"


def test_files_lie_in_the_folder_of_their_namespace(project, run):
    project.write("environments/dev/files/stray.txt", "x")
    project.write("environments/dev/files/No Namespace/a.txt", "x")
    project.write("environments/dev/files/a.b/.gitkeep", "")
    project.commit()
    code, _, err = run("env", "synth")
    assert code == 1
    assert "environments/dev/files/stray.txt:1:1: It is in no namespace's folder." in err
    assert "environments/dev/files/No Namespace/a.txt:1:1: `No Namespace` is no namespace." in err
    assert "gitkeep" not in err
    assert "environments/dev/files/<namespace>/<path>" in err
