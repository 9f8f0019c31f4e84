"""Plugin defaults: what they give, in which order, and where their mistakes are told."""

import pytest

from penstock.language.defaults import inherited
from penstock.language.parse import parse
from penstock.model.dynamic import Unrendered

HEAD = "id: a\nnamespace: b.c\n"
ECHO = "tasks:\n  - id: t\n    type: test.Echo\n"


def task_of(text, catalog, *levels):
    parsed = parse(HEAD + text, catalog, inherited([*levels]))
    assert [problem.sentence() for problem in parsed.problems if problem.is_error] == []
    assert parsed.flow is not None
    return parsed.flow.tasks[0]


def defaults(values: str, more: str = "", kind: str = "test.Echo") -> str:
    return f"pluginDefaults:\n  - type: {kind}\n    values: {values}\n    {more}\n"


def level(name, values, *, kind="test.Echo", forced=False):
    return (name, [{"type": kind, "values": values, "forced": forced}])


def test_a_default_fills_what_a_task_does_not_say(catalog):
    task = task_of(
        defaults("{text: from the default, count: 3}") + ECHO + "    count: 5\n", catalog
    )
    assert (task.text, task.count) == ("from the default", 5)


def test_a_forced_default_wins(catalog):
    text = defaults("{text: forced}", "forced: true") + ECHO + "    text: mine\n"
    assert task_of(text, catalog).text == "forced"


def test_maps_are_merged_deeply_and_lists_are_replaced(catalog):
    text = (
        defaults("{text: x, names: {a: one, b: two}, tags: [x, y]}")
        + ECHO
        + "    names: {b: mine, c: three}\n    tags: [z]\n"
    )
    task = task_of(text, catalog)
    assert task.names == {"a": "one", "b": "mine", "c": "three"}
    assert task.tags == ("z",)


def test_the_beginning_of_a_type_gives_each_type_what_it_has(catalog):
    text = (
        defaults("{text: x, uri: here, logLevel: DEBUG}", kind="test")
        + "tasks:\n  - {id: t, type: test.Echo}\n  - {id: u, type: test.Fetch}\n"
        + "triggers:\n  - {id: c, type: test.Clock, every: PT1S}\n"
    )
    parsed = parse(HEAD + text, catalog)
    assert parsed.problems == ()
    assert parsed.flow is not None
    echo, fetch = parsed.flow.tasks
    assert (echo.text, echo.log_level, fetch.uri, fetch.log_level) == (
        "x",
        "DEBUG",
        "here",
        "DEBUG",
    )


@pytest.mark.parametrize("kind", ["io.kestra.plugin.test.Echo", "old.Echo"])
def test_other_names_of_a_type_are_the_same_type(kind, catalog):
    assert task_of(defaults("{text: x}", kind=kind) + ECHO, catalog).text == "x"
    text = defaults("{text: x}") + f"tasks:\n  - id: t\n    type: {kind}\n"
    assert task_of(text, catalog).text == "x"


def test_tasks_at_any_depth_and_triggers_get_theirs(catalog):
    text = (
        defaults("{text: x}")
        + "  - type: test.Clock\n    values: {every: PT1S}\n"
        + "tasks:\n  - id: g\n    type: test.Group\n    tasks:\n      - {id: t, type: test.Echo}\n"
        + "    errors:\n      - {id: u, type: test.Echo}\n"
        + "errors:\n  - {id: v, type: test.Echo}\nfinally:\n  - {id: w, type: test.Echo}\n"
        + "afterExecution:\n  - {id: y, type: test.Echo}\ntriggers:\n  - {id: c, type: test.Clock}\n"
    )
    parsed = parse(HEAD + text, catalog)
    assert parsed.problems == ()
    assert parsed.flow is not None
    assert [task.text for task in parsed.flow.all_tasks() if hasattr(task, "text")] == ["x"] * 5


def test_nested_objects_with_a_type_get_theirs(catalog):
    text = (
        defaults("{username: ada}", kind="BASIC")
        + "tasks:\n  - {id: t, type: test.Fetch, uri: x, options: {auth: {type: BASIC}}}\n"
    )
    task = task_of(text, catalog)
    assert task.options is not None
    assert task.options.auth.username == "ada"


def test_what_a_default_brings_gets_its_own_defaults(catalog):
    text = (
        defaults("{options: {auth: {type: BASIC}}}", kind="test.Fetch")
        + "  - type: BASIC\n    values: {username: ada}\n"
        + "tasks:\n  - {id: t, type: test.Fetch, uri: x}\n"
    )
    assert task_of(text, catalog).options.auth.username == "ada"


def test_a_default_that_holds_its_own_type_is_put_once(catalog):
    text = (
        defaults("{tasks: [{id: u, type: test.Group}]}", kind="test.Group")
        + "tasks:\n  - {id: t, type: test.Group}\n"
    )
    parsed = parse(HEAD + text, catalog)
    assert [problem.code for problem in parsed.problems] == ["missing-property"]


def test_of_two_that_fit_the_first_wins_and_of_two_forced_the_last(catalog):
    two = defaults("{text: one}") + "  - type: test\n    values: {text: two, count: 2}\n" + ECHO
    assert (task_of(two, catalog).text, task_of(two, catalog).count) == ("one", 2)
    forced = (
        defaults("{text: one}", "forced: true")
        + "  - {type: test, forced: true, values: {text: two}}\n"
        + ECHO
    )
    assert task_of(forced, catalog).text == "two"


def test_the_nearest_level_wins_unless_it_is_forced(catalog):
    near, far = (
        level("near", {"text": "near", "count": 1}),
        level("far", {"text": "far", "ratio": 2}),
    )
    task = task_of(defaults("{text: flow}") + ECHO, catalog, near, far)
    assert (task.text, task.count, task.ratio) == ("flow", 1, 2)
    task = task_of(ECHO, catalog, near, far)
    assert task.text == "near"
    above = level("far", {"text": "forced by far"}, forced=True)
    below = level("near", {"text": "forced by near"}, forced=True)
    own = defaults("{text: forced by flow}", "forced: true")
    assert task_of(own + ECHO + "    text: mine\n", catalog, below, above).text == "forced by far"
    assert task_of(own + ECHO + "    text: mine\n", catalog, below).text == "forced by near"


def test_a_ref_picks_one_of_several(catalog):
    text = (
        "pluginDefaults:\n  - {type: test.Echo, ref: loud, values: {text: LOUD}}\n"
        "  - {type: test.Echo, ref: low, values: {text: low}}\n"
        "  - {type: test.Echo, values: {count: 7}}\n"
    )
    task = task_of(text + ECHO + "    pluginDefaultsRef: low\n", catalog)
    assert (task.text, task.count) == ("low", 7)
    parsed = parse(HEAD + text + ECHO + "    pluginDefaultsRef: laud\n    text: x\n", catalog)
    (problem,) = parsed.problems
    assert (problem.line, problem.hint) == (10, "Did you mean `loud`?")
    parsed = parse(HEAD + ECHO + "    pluginDefaultsRef: low\n    text: x\n", catalog)
    assert [problem.code for problem in parsed.problems] == ["unknown-reference"]


def test_a_spelling_of_the_task_keeps_out_the_other_one_of_the_default(catalog):
    text = defaults('{text: x, when: "{{ true }}"}') + ECHO + '    runIf: "{{ false }}"\n'
    assert task_of(text, catalog).run_if == "{{ false }}"


def test_expressions_in_defaults_are_expressions_of_the_task(catalog):
    task = task_of(defaults('{text: "{{ flow.id }}"}') + ECHO, catalog)
    assert task.text == Unrendered("{{ flow.id }}")


def test_a_wrong_default_is_told_once_and_where_it_stands(catalog):
    text = defaults("{text: x, count: many}") + ECHO + "  - {id: u, type: test.Echo}\n"
    parsed = parse(HEAD + text, catalog)
    (problem,) = parsed.problems
    assert (problem.line, problem.column, problem.path) == (5, 30, "tasks[0].count")
    assert problem.hint == "For example `count: 3`. The value comes from `pluginDefaults[0]`."


def test_a_wrong_expression_in_a_default_is_told_where_it_stands(catalog):
    parsed = parse(HEAD + defaults('{text: "{{ inputs.x }}"}') + ECHO, catalog)
    (problem,) = parsed.problems
    assert (problem.line, problem.column, problem.code) == (5, 24, "unknown-reference")


def test_a_wrong_default_from_outside_is_told_at_the_type_of_the_task(catalog):
    outer = inherited([level("the namespace `b`", {"text": "x", "cuont": 1})])
    parsed = parse(HEAD + ECHO, catalog, outer)
    (problem,) = parsed.problems
    assert (problem.line, problem.column, problem.code) == (5, 11, "unknown-property")
    assert problem.hint == "Did you mean `count`? The value comes from the namespace `b`."


@pytest.mark.parametrize(
    ("entry", "path", "message"),
    [
        ("{values: {text: x}}", "pluginDefaults[0].type", "needs the property `type`"),
        ("{type: test.Echo}", "pluginDefaults[0].values", "needs the property `values`"),
        ("{type: test.Echo, values: {}}", "pluginDefaults[0].values", "must not be empty"),
        ("{type: test.Echo, values: {a: }}", "pluginDefaults[0].values", "for the key `a`"),
        ("{type: test.Echo, values: {a: 1}, force: true}", "pluginDefaults[0].force", "`force`"),
    ],
)
def test_a_default_that_does_not_hold(entry, path, message, catalog):
    parsed = parse(f"{HEAD}pluginDefaults:\n  - {entry}\n{ECHO}    text: x\n", catalog)
    assert path in [problem.path for problem in parsed.problems]
    assert any(message in problem.message for problem in parsed.problems)


def test_the_old_name_is_accepted_with_a_warning(catalog):
    text = "taskDefaults:\n  - type: test.Echo\n    values: {text: x}\n" + ECHO
    parsed = parse(HEAD + text, catalog)
    assert [problem.hint for problem in parsed.problems] == ["Write `pluginDefaults`."]
    assert task_of(text, catalog).text == "x"


def test_inherited_defaults_have_a_key_that_changes_with_them():
    one, same = (
        inherited([level("n", {"a": 1, "b": 2})]),
        inherited([level("n", {"b": 2, "a": 1})]),
    )
    other = inherited([level("n", {"a": 2, "b": 2})])
    assert one.key == same.key != other.key
    assert inherited([]).key == inherited([("n", [])]).key == ""
