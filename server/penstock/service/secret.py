"""Secrets, as members of a set: values go in and never come out."""

from __future__ import annotations

import hmac
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import Connection

from penstock.errors import InvalidObject
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service import form
from penstock.service.change import Change
from penstock.service.draft import Draft
from penstock.service.form import as_text
from penstock.service.objectset import Member, Reference, canonical_hash, has_unknown
from penstock.service.services import Services
from penstock.service.spec import SecretSpec, read
from penstock.service.table_kind import TableKind
from penstock.store import secret as rows
from penstock.store.audit import append
from penstock.store.secret import SecretRow


class SecretKind(TableKind[SecretRow]):
    """See `penstock.service.draft.Kind`."""

    table = rows.ROWS

    def draft(self, tx: Connection, services: Services, tenant: str, member: Member) -> Draft:
        """Compares by fingerprint. Without a value (a plan) the stored one is assumed."""
        previous = self.find(tx, services, tenant, member.reference)
        draft = Draft(member, previous)
        draft.add(member.reference.problems())
        spec, problems = read(SecretSpec, member.spec, optional=("value",))
        draft.add(problems)
        if problems:
            return draft
        fingerprint = None
        if spec is not None:
            fingerprint = services.secrets.fingerprint(
                tenant, member.reference.namespace, member.reference.id, spec.value
            )
        elif "value" not in member.spec and previous is not None:
            fingerprint = previous.fingerprint
        description = member.spec.get("description")
        if fingerprint is not None and not has_unknown(member.spec):
            draft.normalised = _normal(description, fingerprint, member.spec.get("valueVersion"))
            draft.content_hash = canonical_hash(draft.normalised)
        return draft

    def write(
        self, tx: Connection, services: Services, change: Change, draft: Draft, now: datetime
    ) -> SecretRow:
        """Encrypts and stores it; `version` grows when the value differs."""
        previous = draft.previous
        assert previous is None or isinstance(previous, SecretRow)
        spec = SecretSpec.model_validate(draft.member.spec)
        tenant, reference = change.caller.tenant, draft.reference
        fingerprint = services.secrets.fingerprint(
            tenant, reference.namespace, reference.id, spec.value
        )
        content_hash = draft.content_hash
        assert content_hash is not None
        same = previous is not None and previous.fingerprint == fingerprint
        row = SecretRow(
            **draft.stamp(change, now),
            key=reference.id,
            ciphertext=services.secrets.encrypt(
                tx, tenant, reference.namespace, reference.id, value=spec.value
            ),
            fingerprint=fingerprint,
            version=1 if previous is None else previous.version + (0 if same else 1),
            description=spec.description,
            value_version=spec.value_version,
        )
        rows.put(tx, row)
        return row

    def form(self, tx: Connection, services: Services, row: SecretRow) -> dict[str, Json]:
        """The API's read form: everything but the value."""
        del tx, services
        return {
            **form.declared("secret", row),
            "key": row.key,
            "description": row.description,
            "fingerprint": row.fingerprint,
            "version": row.version,
            "valueVersion": row.value_version,
        }

    def text(self, services: Services, row: SecretRow) -> str:
        """Description and fingerprint; a diff of a secret shows no more."""
        del services
        return as_text(_normal(row.description, row.fingerprint, row.value_version))

    def draft_text(self, draft: Draft) -> str:
        """The same of a draft."""
        shown = draft.normalised or {"description": draft.member.spec.get("description")}
        return as_text(shown)


def _normal(description: Json, fingerprint: str, value_version: Json) -> dict[str, Json]:
    shown: dict[str, Json] = {"description": description, "fingerprint": fingerprint}
    return shown if value_version is None else {**shown, "valueVersion": value_version}


def compare(services: Services, caller: Caller, body: Json) -> list[Json]:
    """Whether given values are the stored ones: how drift of write-only values is seen.

    Audited, because an answer tells something about a value.
    """
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise InvalidObject(
            "The body must be an object with the list `items`.",
            problems=[Problem("`items` must be a list.", path="items", code="wrong-type")],
        )
    answers: list[Json] = []
    names: list[Json] = []
    change = Change(caller)
    wanted = [_item(item, index) for index, item in enumerate(items)]
    with services.database.transaction() as tx:
        for reference, value in wanted:
            row = rows.find(tx, caller.tenant, reference.namespace, reference.id)
            fingerprint = services.secrets.fingerprint(
                caller.tenant, reference.namespace, reference.id, value
            )
            equal = row is not None and hmac.compare_digest(row.fingerprint, fingerprint)
            names.append(str(reference))
            answers.append(
                {
                    "namespace": reference.namespace,
                    "key": reference.id,
                    "equal": equal,
                    "exists": row is not None,
                    "fingerprint": fingerprint,
                }
            )
        if names:
            record = change.audit(
                "secret.compare", "secret", at=services.now(), detail={"secrets": names}
            )
            append(tx, record)
    return answers


def _item(item: Json, index: int) -> tuple[Reference, SecretStr]:
    path = f"items[{index}]"
    if isinstance(item, dict):
        namespace, key, value = item.get("namespace"), item.get("key"), item.get("value")
        if isinstance(namespace, str) and isinstance(key, str) and isinstance(value, str):
            return Reference("secret", namespace, key), SecretStr(value)
    message = "Each item needs the texts `namespace`, `key` and `value`."
    raise InvalidObject(message, problems=[Problem(message, path=path, code="wrong-type")])
