"""What a flow needs from elsewhere, and how texts differ."""

from penstock import registry
from penstock.language.diff import line_diff
from penstock.language.parse import parse
from penstock.language.references import References, references


def test_literal_references_with_their_paths(catalog):
    parsed = parse(
        """id: a
namespace: b.c
variables: {url: "{{ secret('URL') }}"}
inputs:
  - {id: i, type: STRING, defaults: "{{ kv('day') }}"}
tasks:
  - {id: one, type: test.Call, namespace: x.y, flowId: load}
  - {id: two, type: test.Call, namespace: "{{ flow.namespace }}", flowId: save}
  - {id: three, type: test.Call, namespace: "{{ inputs.i }}", flowId: save}
  - {id: four, type: test.Call, namespace: x, flowId: "{{ inputs.i }}"}
  - id: group
    type: test.Group
    tasks:
      - {id: five, type: test.Call, namespace: x, flowId: deep}
      - id: six
        type: test.Fetch
        uri: "{{ secret('HOST', namespace='x.y') }}/{{ secret(inputs.i) }}"
        options: {auth: {type: BEARER, token: "{{ secret('TOKEN', 'z') }}"}}
      - id: seven
        type: test.Values
        values: {"{{ kv(key='k') }}": "{{ namespace.warehouse.host }}"}
outputs:
  - {id: o, value: "{{ secret('OUT') }}"}
""",
        catalog,
    )
    found = references(parsed.flow)
    assert [tuple(one) for one in found.subflows] == [
        ("x.y", "load", "tasks[0].flowId"),
        ("b.c", "save", "tasks[1].flowId"),
        ("x", "deep", "tasks[4].tasks[0].flowId"),
    ]
    assert sorted(tuple(one) for one in found.secrets if one.namespace) == [
        ("HOST", "x.y", "tasks[4].tasks[1].uri"),
        ("TOKEN", "z", "tasks[4].tasks[1].options.auth.token"),
    ]
    assert {(one.key, one.path) for one in found.secrets if not one.namespace} == {
        ("URL", "variables.url"), ("OUT", "outputs[0].value"),
    }  # fmt: skip
    assert {one.key for one in found.kv} == {"day", "k"}
    assert [one.keys for one in found.variables] == [("warehouse", "host")]
    assert parsed.place(found.subflows[2].path) == (14, 59)


def test_texts_that_nobody_renders_are_left_alone(catalog):
    parsed = parse(
        "id: a\nnamespace: b\ndescription: \"{{ secret('A') }} {{\"\nvariables: {v: '{{ ) }}'}\n"
        "tasks:\n  - {id: t, type: test.Echo, text: x, description: \"{{ secret('B') }}\"}\n",
        catalog,
    )
    assert references(parsed.flow) == References()


def test_line_diff():
    assert line_diff("a\nb\n", "a\nb\n", "f.yaml") == ""
    assert line_diff("a\nb\n", "a\nc\n", "f.yaml") == (
        "--- a/f.yaml\n+++ b/f.yaml\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    )
    assert line_diff(None, "a", "f.yaml") == (
        "--- /dev/null\n+++ b/f.yaml\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n"
    )
    assert line_diff("a\n", None, "f.yaml").startswith("--- a/f.yaml\n+++ /dev/null\n")


def test_namespaces_whose_pairs_a_purge_names():
    parsed = parse(
        "id: a\nnamespace: b\ntasks:\n  - id: purge\n    type: core.kv.PurgeKV\n"
        "    namespaces: [b, other]\n  - id: write\n    type: core.kv.Put\n"
        "    key: k\n    namespace: third\n    value: 1\n",
        registry,
    )
    assert [tuple(each) for each in references(parsed.flow).uses] == [
        ("kv", "b", "", "tasks[0].namespaces[0]"),
        ("kv", "other", "", "tasks[0].namespaces[1]"),
        ("kv", "third", "k", "tasks[1].namespace"),
    ]


def test_lists_of_namespaces_that_an_expression_makes_name_none():
    parsed = parse(
        """id: a
namespace: b.c
tasks:
  - {id: purge, type: core.kv.PurgeKV, namespaces: "{{ ['x.y'] }}"}
  - id: script
    type: scripts.shell.Commands
    namespaceFiles: {enabled: true, namespaces: "{{ ['x.y'] }}"}
    commands: [ls]
""",
        registry,
    )
    assert parsed.flow is not None, parsed.problems
    assert references(parsed.flow).uses == []
