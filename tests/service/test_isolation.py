"""What plan and apply say of namespaces that others use."""

from __future__ import annotations

SECRET = "{{ secret('KEY', namespace='%s') }}"


def flow(namespace, task):
    text = f"id: f\nnamespace: {namespace}\ntasks:\n  - id: t\n{task}"
    return {"kind": "flow", "namespace": namespace, "id": "f", "spec": {"source": text}}


def space(namespace, **spec):
    return {"kind": "namespace", "namespace": namespace, "spec": spec}


def uses(team):
    """A task for each way to use something of another team."""
    return {
        "secrets": f'    type: core.log.Log\n    message: "{SECRET % team}"\n',
        "key-value pairs": f"    type: core.log.Log\n    message: \"{{{{ kv('k', '{team}') }}}}\"\n",
        "files": f"    type: core.log.Log\n    message: \"{{{{ read('a.txt', '{team}') }}}}\"\n",
        "flows": f"    type: core.flow.Subflow\n    namespace: {team}\n    flowId: f\n",
    }


def planned(server, *objects, complete=True):
    answer = server.api.post("/plan", json={"objects": objects, "complete": complete})
    assert answer.status_code == 200, answer.text
    return answer.json()


def denials(answer):
    return [each for each in answer["problems"] if each["code"] == "namespace-denied"]


def test_B28_every_way_to_name_a_file_is_seen_at_plan(server, ns):
    a, b = f"{ns}.a", f"{ns}.b"
    shell = "    type: scripts.shell.Commands\n    commands: [ls]\n"
    log = "    type: core.log.Log\n    message: "
    ways = [
        f"{log}\"{{{{ fileSize('a.txt', namespace='{b}') }}}}\"\n",
        f"{log}\"{{{{ read('nsfile://{b}/a.txt') }}}}\"\n",
        f"{shell}    inputFiles:\n      a.txt: nsfile://{b}/a.txt\n",
        f"{shell}    namespaceFiles: {{namespaces: ['{b}']}}\n",
        f"    type: core.namespace.DownloadFiles\n    namespace: {b}\n    files: ['*']\n",
    ]
    for task in ways:
        (problem,) = denials(planned(server, space(b), flow(a, task)))
        assert f"may not use the files of '{b}'" in problem["message"], task
        allowed = space(b, allowedNamespaces=[a])
        assert denials(planned(server, allowed, flow(a, task))) == []
        own = flow(a, task.replace(b, a))
        assert denials(planned(server, space(b), own)) == []


def test_B28_denied_at_plan_with_file_and_line(server, ns):
    a, b = f"{ns}.a", f"{ns}.b"
    there = [
        space(b),
        {"kind": "secret", "namespace": b, "id": "KEY", "spec": {"value": "value"}},
        flow(b, "    type: core.log.Log\n    message: x\n"),
    ]
    places = {
        "secrets": (6, 14),
        "key-value pairs": (6, 14),
        "files": (6, 14),
        "flows": (6, 16),
    }
    for what, task in uses(b).items():
        answer = planned(server, *there, flow(a, task))
        (problem,) = denials(answer)
        assert not answer["valid"]
        assert problem["object"] == f"flow/{a}/f"
        assert problem["severity"] == "error"
        assert (
            problem["message"] == f"Flows of the namespace '{a}' may not use the {what} of '{b}'."
        )
        assert problem["hint"] == f"Whoever owns '{b}' can add '{a}' to its allowedNamespaces."
        assert (problem["line"], problem["column"]) == places[what]
        # Alone it is a warning, because the other team's list may come later.
        alone = planned(server, flow(a, task), complete=False)
        assert [each["severity"] for each in denials(alone)] == ["warning"]
        there[0] = space(b, allowedNamespaces=[a])
        assert denials(planned(server, *there, flow(a, task))) == []
        there[0] = space(b)


def test_B28_denied_at_run_by_the_server(server, ns):
    a, b = f"{ns}.a", f"{ns}.b"
    assert server.api.put(f"/kv/{b}/k", json={"value": 1}).status_code == 201
    source = flow(a, uses(b)["key-value pairs"])["spec"]["source"]
    assert server.put_flow(source).status_code == 201
    found = server.run(a, "f")
    assert found["state"] == "FAILED"
    assert f"may not use the key-value pairs of '{b}'" in found["taskRuns"][0]["error"]["message"]
    spec = {"allowedNamespaces": [a]}
    assert server.api.put(f"/namespaces/{b}", json=spec).json()["allowedNamespaces"] == [a]
    assert server.run(a, "f")["state"] == "SUCCESS"


def test_a_list_that_shuts_a_stored_flow_out_names_it(server, ns):
    a, b = f"{ns}.a", f"{ns}.b"
    assert server.api.put(f"/namespaces/{b}", json={"allowedNamespaces": ["*"]}).is_success
    assert server.put_flow(flow(a, uses(b)["key-value pairs"])["spec"]["source"]).is_success
    (problem,) = denials(planned(server, space(b, allowedNamespaces=[])))
    assert problem["object"] == f"namespace/{b}"
    assert problem["message"] == f"The flow {a}/f uses the kv {b}/k, which this no longer allows."


def test_a_list_holds_namespaces_only(server, ns):
    answer = server.api.put(f"/namespaces/{ns}", json={"allowedNamespaces": ["Team A"]})
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["path"] == "allowedNamespaces[0]"


def test_an_unknown_list_is_not_held_against_a_flow(server, ns):
    a, b = f"{ns}.a", f"{ns}.b"
    unknown = space(b, allowedNamespaces={"$unknown": True})
    assert denials(planned(server, unknown, flow(a, uses(b)["key-value pairs"]))) == []


def test_a_namespace_without_a_list_keeps_its_content(server, ns):
    first = server.api.put(f"/namespaces/{ns}", json={"variables": {"a": 1}}).json()
    second = server.api.put(
        f"/namespaces/{ns}", json={"variables": {"a": 1}, "allowedNamespaces": None}
    ).json()
    assert first["contentHash"] == second["contentHash"]
    assert "allowedNamespaces" not in second


def test_D19_a_secret_of_a_variable_is_looked_for(server, ns):
    variables = {"slack": {"webhook": {"secret": "HOOK"}}}
    answer = planned(server, space(ns, variables=variables))
    (problem,) = answer["problems"]
    assert (problem["path"], problem["code"]) == ("variables.slack.webhook", "missing-secret")
    assert server.api.put(f"/secrets/{ns}/HOOK", json={"value": "hook-value"}).is_success
    assert planned(server, space(ns, variables=variables))["problems"] == []
    assert server.api.put(f"/namespaces/{ns}", json={"variables": variables}).is_success
    refused = server.api.delete(f"/secrets/{ns}/HOOK")
    assert refused.status_code == 409
    assert f"namespace/{ns} still needs secret/{ns}/HOOK." in refused.text


def test_D19_the_server_masks_secret_variables(server, ns):
    assert server.api.put(f"/secrets/{ns}/HOOK", json={"value": "hook-value"}).is_success
    variables = {"slack": {"webhook": {"secret": "HOOK"}}}
    assert server.api.put(f"/namespaces/{ns}", json={"variables": variables}).is_success
    task = "    type: core.debug.Return\n    format: 'to {{ namespace.slack.webhook }}'\n"
    assert server.put_flow(flow(f"{ns}.below", task)["spec"]["source"]).is_success
    found = server.run(f"{ns}.below", "f")
    assert found["taskRuns"][0]["outputs"] == {"value": "to ******"}
    assert "hook-value" not in str(found)
