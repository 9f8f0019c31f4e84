"""What `penstock execution run` and `validate` send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from penstock.errors import InvalidObject

if TYPE_CHECKING:
    from penstock.cli.given import Given
    from penstock.cli.root import Session


def request(name: str, given: Given, *, revision: int | None = None) -> dict[str, Any]:
    """The body for NAMESPACE/FLOW without its files. Raises `InvalidObject`."""
    namespace, separator, flow_id = name.partition("/")
    if not separator:
        raise InvalidObject(f"`{name}` is not of the form NAMESPACE/FLOW.")
    body: dict[str, Any] = {"namespace": namespace, "flowId": flow_id, "inputs": given.values}
    if revision is not None:
        body["revision"] = revision
    return body


def send(session: Session, body: dict[str, Any], given: Given) -> dict[str, Any]:
    """Starts the execution; with files it is sent as a form."""
    if not given.files:
        return session.client.post("executions", body)
    texts = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in body.items()
        if key != "inputs"
    }
    for name, value in body["inputs"].items():
        texts[f"inputs.{name}"] = value if isinstance(value, str) else json.dumps(value)
    files = {f"inputs.{name}": path for name, path in given.files.items()}
    return session.client.post_form("executions", texts, files)


def told(found: dict[str, Any]) -> str:
    """A dry run as people read it: each input, what it would be, and what is wrong; and each
    check that does not hold.
    """
    lines = []
    for each in found["inputs"]:
        if each["problem"] is not None:
            state = each["problem"]["message"]
        elif not each["enabled"]:
            state = "not there: what it depends on says so"
        else:
            default = " (default)" if each["isDefault"] else ""
            state = f"{json.dumps(each['value'], ensure_ascii=False)}{default}"
        lines.append(f"  {each['id']} {each['type']}: {state}")
    lines += [
        f"  check ({each['style']}, {each['behavior']}): {each['message']}"
        for each in found["checks"]
    ]
    told_above = {"checks", *(f"inputs.{each['id']}" for each in found["inputs"])}
    lines += [
        f"  {each['severity']}: {each['message']}"
        for each in found["problems"]
        if each["path"] not in told_above
    ]
    verdict = "would start" if found["valid"] else "would not start"
    name = f"{found['namespace']}/{found['flowId']}"
    return "\n".join([f"{name} revision {found['flowRevision']} {verdict}", *lines])
