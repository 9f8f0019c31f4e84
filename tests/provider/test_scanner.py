"""Reading `id` and `namespace` without a YAML library, against one."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from penstock_provider.scanner import content_hash, scan

names = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_.-]{0,12}\Z")
scalars = st.one_of(names, names.map(lambda n: f'"{n}"'), names.map(lambda n: f"'{n}'"))
noise = st.sampled_from(
    [
        "# id: commented",
        "description: |\n  id: inside\n  namespace: inside",
        "tasks:\n  - id: nested\n    namespace: nested",
        "labels: {id: flow, namespace: flow}",
        'note: "id: quoted"',
        "",
    ]
)


styles = st.tuples(
    st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", " ", "  # why"]), st.randoms()
)


@given(scalars, scalars, st.lists(noise, max_size=4, unique=True), styles)
def test_finds_what_yaml_finds(name, namespace, others, style):
    end, tail, random = style
    parts = [f"id: {name}{tail}", f"namespace:  {namespace}{tail}", *others]
    random.shuffle(parts)
    text = end.join(part.replace("\n", end) for part in parts) + end
    parsed = yaml.load(text, yaml.BaseLoader)
    assert scan(text) == {"id": parsed["id"], "namespace": parsed["namespace"]}


def test_what_it_leaves_to_the_server():
    assert scan("id: |\n  x\n") == {}
    assert scan("id: &a x\nnamespace: [a]\n") == {}
    assert scan("id:\n") == {}
    assert scan("  id: nested\n") == {}
    assert scan("identity: x\n") == {}
    assert scan("---\nid: x#y\nid: second\n") == {"id": "x#y"}


@given(st.text())
def test_never_fails(text):
    scan(text)


def test_content_hash_is_of_the_exact_bytes():
    assert content_hash("ä\n") == "ac6f010e65c9ea739dbdaa21427edd5ef60c6d461ef4d619c003e3ab62453a56"
