"""The few questions that promotion asks a Penstock server, over plain HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from penstock_cdktf.document import JsonValue
from penstock_cdktf.environment import Environment
from penstock_cdktf.errors import ServerError
from penstock_cdktf.flowtext import FlowRef
from penstock_cdktf.gates import evidence_from
from penstock_cdktf.lock import Evidence

_BATCH = 1000
_TIMEOUT_S = 60.0
_Item = TypeVar("_Item")


def token_for(name: str, environ: Mapping[str, str]) -> str | None:
    """Returns an environment's token: PENSTOCK_<NAME>_TOKEN, else PENSTOCK_TOKEN."""
    own = f"PENSTOCK_{name.upper().replace('-', '_')}_TOKEN"
    return environ.get(own) or environ.get("PENSTOCK_TOKEN") or None


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a server has of one object: content, where it came from, when, and by whom."""

    content_hash: str
    revision: int | None
    at: str
    owner: str
    actor: str | None
    repository: str | None
    commit: str | None
    dirty: bool
    run: str | None

    def to_json(self) -> dict[str, JsonValue]:
        """The form in JSON output."""
        return {
            "contentHash": self.content_hash,
            "revision": self.revision,
            "at": self.at,
            "owner": self.owner,
            "actor": self.actor,
            "repository": self.repository,
            "commit": self.commit,
            "dirty": self.dirty,
            "run": self.run,
        }


@dataclass(frozen=True, slots=True)
class Client:
    """Asks the server of one environment; `token` never appears in a message."""

    environment: str
    endpoint: str
    tenant: str
    token: str | None

    @classmethod
    def of(cls, environment: Environment, environ: Mapping[str, str]) -> Client:
        """Returns the client for an environment's server."""
        server = environment.server
        token = token_for(environment.name, environ)
        return cls(environment.name, server.endpoint, server.tenant, token)

    def evidence(self, contents: Iterable[tuple[FlowRef, str]]) -> dict[FlowRef, Evidence]:
        """Returns what the server counted for exactly these contents (SHA-256)."""
        found: dict[FlowRef, Evidence] = {}
        for some in _batches(list(contents)):
            flows: list[JsonValue] = [
                {"namespace": ref.namespace, "id": ref.id, "contentHash": sha} for ref, sha in some
            ]
            for item in self._items("/evidence:read", "items", {"flows": flows}):
                ref = FlowRef(str(item.get("namespace")), str(item.get("id")))
                found[ref] = evidence_from(item)
        return found

    def existing(self, references: Sequence[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
        """Returns those of the objects (kind, namespace, id) that the server has."""
        found: set[tuple[str, str, str]] = set()
        for some in _batches(references):
            objects: list[JsonValue] = [
                {"kind": kind, "namespace": namespace, "id": name} for kind, namespace, name in some
            ]
            answers = self._items("/state:read", "objects", {"objects": objects})
            found |= {
                one
                for one, answer in zip(some, answers, strict=True)
                if answer.get("object") is not None
            }
        return found

    def flows(self) -> dict[FlowRef, str]:
        """Returns every flow of the server with the SHA-256 of its text."""
        return {
            FlowRef(str(item.get("namespace")), str(item.get("id"))): str(item.get("contentHash"))
            for item in self._items("/state?kinds=flow", "objects", None)
        }

    def deployed(self, kinds: Sequence[str]) -> dict[str, Deployed]:
        """Returns every declared object of some kinds by reference, such as `flow/a.b/load`."""
        path = f"/state?kinds={','.join(kinds)}&actors=true"
        answer = self._ask(path, None)
        actors = answer.get("actors") if isinstance(answer, dict) else None
        found: dict[str, Deployed] = {}
        for item in self._rows(answer, path, "objects"):
            named = next((item[key] for key in ("key", "path", "id") if key in item), None)
            parts = (item.get("kind"), item.get("namespace"), named)
            ref = "/".join(str(part) for part in parts if part is not None)
            actor = actors.get(ref) if isinstance(actors, dict) else None
            found[ref] = _deployed(item, actor)
        return found

    def _items(
        self, path: str, key: str, body: Mapping[str, JsonValue] | None
    ) -> list[dict[str, JsonValue]]:
        return self._rows(self._ask(path, body), path, key)

    def _rows(self, answer: JsonValue, path: str, key: str) -> list[dict[str, JsonValue]]:
        items = answer.get(key) if isinstance(answer, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise ServerError(
                f"{self._name()} gave an answer without `{key}` to {path}: it is no Penstock "
                "server, or one of another version."
            )
        return cast("list[dict[str, JsonValue]]", items)

    def _ask(self, path: str, body: Mapping[str, JsonValue] | None) -> JsonValue:
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        url = f"{self.endpoint}/api/v1/tenants/{self.tenant}{path}"
        request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310  # http(s) is checked when settings are read
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
                return cast("JsonValue", json.load(response))
        except urllib.error.HTTPError as error:
            with error:
                raise ServerError(self._refusal(error.code, error.read())) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise ServerError(f"{self._name()} could not be asked: {reason}.") from None

    def _refusal(self, status: int, body: bytes) -> str:
        if status in {401, 403}:
            variable = f"PENSTOCK_{self.environment.upper().replace('-', '_')}_TOKEN"
            return (
                f"{self._name()} refused the token ({status}). Set {variable}, or PENSTOCK_TOKEN "
                "when one token serves all."
            )
        try:
            problem = json.loads(body)
            detail = problem.get("detail") or problem.get("title")
        except (ValueError, AttributeError):
            detail = None
        return f"{self._name()} answered {status}: {detail or 'without a reason'}."

    def _name(self) -> str:
        return f"The server of `{self.environment}` ({self.endpoint})"


def _deployed(item: Mapping[str, JsonValue], actor: JsonValue) -> Deployed:
    given = item.get("provenance")
    source: Mapping[str, JsonValue] = given if isinstance(given, dict) else {}
    revision = item.get("revision")
    return Deployed(
        content_hash=str(item.get("contentHash")),
        revision=revision if isinstance(revision, int) else None,
        at=str(item.get("updatedAt")),
        owner=str(item.get("owner")),
        actor=_text(actor),
        repository=_text(source.get("repository")),
        commit=_text(source.get("commit")),
        dirty=source.get("dirty") is True,
        run=_text(source.get("runUrl")) or _text(source.get("runId")),
    )


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]
