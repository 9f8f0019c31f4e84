"""What a flow may use of other namespaces, and what it knows of its own."""

from datetime import UTC, datetime

import pytest

from penstock.model.state import State
from penstock.store import kv, secret
from penstock.store.kv import KvRow
from penstock.store.secret import SecretRow

from .stand import TENANT, Stand

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
RETURN = "id: f\nnamespace: {namespace}\ntasks:\n  - id: t\n    type: core.debug.Return\n    format: >-\n      {expression}\n"
CHILD = "id: child\nnamespace: team.b\ntasks:\n  - {id: t, type: core.debug.Return, format: x}\n"
CALL = (
    "id: parent\nnamespace: {namespace}\ntasks:\n"
    "  - {{id: t, type: core.flow.Subflow, namespace: team.b, flowId: child}}\n"
)
WRITE = (
    "id: writer\nnamespace: {namespace}\ntasks:\n"
    "  - {{id: t, type: core.kv.Set, namespace: team.b, key: k, value: 2}}\n"
)


@pytest.fixture
def stand(tmp_path):
    made = Stand(tmp_path)
    made.secrets.values["KEY"] = "s3cret-value"
    with made.database.transaction() as tx:
        row = KvRow(TENANT, "team.b", "k", "test", 1, "", NOW, NOW, value=1)
        kv.put(tx, row)
        held = SecretRow(TENANT, "team.b", "KEY", "test", 1, "", NOW, NOW, b"", "", 1)
        secret.put(tx, held)
    made.put(CHILD)
    made.executor.start()
    yield made
    made.close()


def told(stand, source):
    """State and failure of the flow's first task run."""
    run = min(stand.run(source).task_runs.values(), key=lambda each: each.number)
    return run.state, run.failure.message if run.failure else (run.outputs or {}).get("value")


def uses(namespace):
    return {
        "secrets": RETURN.format(
            namespace=namespace, expression="{{ secret('KEY', namespace='team.b') | length }}"
        ),
        "key-value pairs": RETURN.format(
            namespace=namespace, expression="{{ kv('k', namespace='team.b') }}"
        ),
        "flows": CALL.format(namespace=namespace),
    }


@pytest.mark.parametrize("what", ["secrets", "key-value pairs", "flows"])
def test_B28_another_team_is_denied_at_run_unless_it_is_allowed(stand, what):
    state, said = told(stand, uses("team.a")[what])
    assert state is State.FAILED
    assert f"Flows of the namespace 'team.a' may not use the {what} of 'team.b'." in said
    assert "can add 'team.a' to its allowedNamespaces" in said
    stand.declare("team.b", allowed_namespaces=["team.a"])
    assert told(stand, uses("team.a")[what])[0] is State.SUCCESS
    assert told(stand, uses("team.a.below")[what])[0] is State.SUCCESS
    assert told(stand, uses("team.c")[what])[0] is State.FAILED


def test_B28_another_team_may_not_write(stand):
    state, said = told(stand, WRITE.format(namespace="team.a"))
    assert state is State.FAILED
    assert "may not use the key-value pairs of 'team.b'" in said
    assert told(stand, WRITE.format(namespace="team.b.below"))[0] is State.SUCCESS


@pytest.mark.parametrize("namespace", ["team.b", "team.b.below"])
def test_a_namespace_and_those_below_it_are_always_allowed(stand, namespace):
    stand.declare("team.b", allowed_namespaces=[])
    assert {told(stand, each)[0] for each in uses(namespace).values()} == {State.SUCCESS}


def test_the_nearest_list_counts(stand):
    stand.declare("team", allowed_namespaces=["*"])
    assert told(stand, uses("other")["flows"])[0] is State.SUCCESS
    stand.declare("team.b", allowed_namespaces=[])
    assert told(stand, uses("other")["flows"])[0] is State.FAILED


def test_a_namespace_cannot_give_away_what_it_inherits(stand):
    with stand.database.transaction() as tx:
        secret.put(tx, SecretRow(TENANT, "team", "ABOVE", "test", 1, "", NOW, NOW, b"", "", 1))
    stand.secrets.values["ABOVE"] = "above-value"
    stand.declare("team.b", allowed_namespaces=["other"])
    source = RETURN.format(
        namespace="other", expression="{{ secret('ABOVE', namespace='team.b') | length }}"
    )
    state, said = told(stand, source)
    assert state is State.FAILED
    assert "may not use the secrets of 'team'" in said


def test_D14_a_flow_reads_its_namespace_its_parents_labels_and_description(stand):
    stand.declare("team", labels={"tier": "gold", "owner": "ann"}, description="All teams")
    stand.declare("team.a", labels={"owner": "bob"}, description="Team A")
    expression = (
        "{{ flow.namespace }} {{ namespace.id }} {{ namespace.parents | join('/') }} "
        "{{ namespace.labels.owner }} {{ namespace.labels.tier }} {{ namespace.description }}"
    )
    assert told(stand, RETURN.format(namespace="team.a", expression=expression)) == (
        State.SUCCESS,
        "team.a team.a team bob gold Team A",
    )
    below = RETURN.format(
        namespace="team.a.x",
        expression="{{ namespace.parents | join(',') }}|{{ namespace.description ?? 'none' }}",
    )
    assert told(stand, below)[1] == "team.a,team|none"


def test_D19_namespace_variables_are_inherited_and_secret_ones_masked(stand):
    stand.declare(
        "team",
        variables={
            "slack": {"webhook": {"secret": "KEY"}, "channel": "#data"},
            "host": "db.team",
            "list": [{"secret": "KEY"}],
        },
    )
    stand.declare("team.a", variables={"host": "db.a"})
    source = RETURN.format(
        namespace="team.a",
        expression="{{ namespace.slack.webhook }} {{ namespace.slack.channel }} "
        "{{ namespace.host }} {{ namespace.list[0] }}",
    )
    execution = stand.run(source + "  - {id: l, type: core.log.Log, message: '{{ namespace }}'}\n")
    (first, _) = sorted(execution.task_runs.values(), key=lambda each: each.number)
    assert first.outputs == {"value": "****** #data db.a ******"}
    assert "s3cret-value" not in str(stand.logs(execution.id))
    assert "******" in str(stand.logs(execution.id))


def test_D19_the_value_reaches_the_task(stand):
    stand.declare("team", variables={"hook": {"secret": "KEY"}})
    source = RETURN.format(namespace="team.a", expression="{{ namespace.hook | length }}")
    assert told(stand, source) == (State.SUCCESS, str(len("s3cret-value")))


def test_D19_a_part_of_a_secret_and_one_that_is_missing(stand):
    stand.secrets.values["JSON"] = '{"user": "ann", "password": "pass-word"}'
    stand.declare(
        "team.a",
        variables={"password": {"secret": "JSON", "subkey": "password"}, "no": {"secret": "NO"}},
    )
    source = RETURN.format(namespace="team.a", expression="{{ namespace.password }}")
    assert told(stand, source) == (State.SUCCESS, "******")
    state, said = told(stand, RETURN.format(namespace="team.a", expression="{{ namespace.no }}"))
    assert state is State.FAILED
    assert "There is no secret 'NO' in the namespace 'team.a' or above it." in said
    other = RETURN.format(namespace="team.a", expression="{{ namespace.password | length }}")
    assert told(stand, other)[0] is State.SUCCESS
