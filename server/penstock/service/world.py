"""The declared objects as they would be once a set is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from sqlalchemy import Connection

from penstock.language.flow_test import parse_suite
from penstock.model.flow import Flow
from penstock.service.draft import Draft
from penstock.service.flow import references_of
from penstock.service.isolation import is_within
from penstock.service.objectset import Reference
from penstock.service.services import Reading, Services
from penstock.service.surroundings import Surroundings
from penstock.service.world_namespaces import Namespaces
from penstock.store import flow as flows
from penstock.store import flow_reference as flow_references
from penstock.store import flow_test as flow_tests
from penstock.store import kv as pairs
from penstock.store import namespace_file as files
from penstock.store import schedule as schedules
from penstock.store import secret as secrets
from penstock.store.declared import Key, ancestors
from penstock.store.flow import FlowRow
from penstock.store.flow_reference import FlowReference


class World:
    """What is stored, less what the set removes, plus what it writes."""

    def __init__(
        self,
        tx: Connection,
        services: Services,
        tenant: str,
        *,
        drafts: Sequence[Draft],
        removed: Iterable[Reference],
        surroundings: Surroundings,
    ) -> None:
        self.tx = tx
        self.services = services
        self.tenant = tenant
        self.surroundings = surroundings
        self._drafts = {str(draft.reference): draft for draft in drafts}
        self._removals = [*removed]
        self._removed = {str(reference) for reference in self._removals}
        self.namespaces = Namespaces(tx, services, tenant, drafts=drafts, removed=self._removals)
        self._holders: dict[str, frozenset[str]] = {}
        self._secret_values: dict[str, dict[str, list[str]]] = {}

    def has_flow(self, namespace: str, id: str) -> bool:  # noqa: A002 - the word of the API
        """Whether there would be such a flow."""
        name = str(Reference("flow", namespace, id))
        if name in self._drafts:
            return True
        if name in self._removed:
            return False
        return self._stored(namespace, id) is not None

    def flow(self, namespace: str, id: str) -> Flow | None:  # noqa: A002 - the word of the API
        """The flow as it would be; None when there is none, or its text is not known or broken."""
        reading = self.reading(namespace, id)
        return None if reading is None else reading.flow

    def reading(self, namespace: str, id: str) -> Reading | None:  # noqa: A002 - as above
        """The flow's text as it would be, read."""
        name = str(Reference("flow", namespace, id))
        draft = self._drafts.get(name)
        if draft is not None:
            return draft.reading
        row = None if name in self._removed else self._stored(namespace, id)
        return None if row is None else self._read(row)

    def flow_at(self, namespace: str, id: str, revision: int | None) -> Flow | None:  # noqa: A002 - as above
        """The flow at a revision, the one that the set makes included; None for the latest."""
        if revision is None:
            return self.flow(namespace, id)
        key = (namespace, id)
        if key in self._flows and revision == self._numbers.get(key):
            return self.flow(namespace, id)
        row = flows.find(self.tx, self.tenant, namespace, id, revision)
        return None if row is None else self._read(row).flow

    def _read(self, row: FlowRow) -> Reading:
        inherited = self.surroundings.of(row.namespace)
        return self.services.parses.get(row.source, row.content_hash, inherited)

    def flow_ids(self, namespace: str) -> list[str]:
        """Ids of a namespace's flows, for hints."""
        found = set(flows.ids(self.tx, self.tenant, namespace))
        for draft in self._drafts.values():
            if draft.reference.kind == "flow" and draft.reference.namespace == namespace:
                found.add(draft.reference.id)
        return sorted(found)

    def has_secret(self, namespace: str, key: str) -> bool:
        """Whether a flow of the namespace would find the key there or above."""
        held = self._holders.get(key)
        if held is None:
            held = self._holders[key] = frozenset(secrets.holders(self.tx, self.tenant, key))
        for name in ancestors(namespace):
            reference = str(Reference("secret", name, key))
            if reference in self._drafts:
                return True
            if name in held and reference not in self._removed:
                return True
        return False

    def file_in_the_way(self, reference: Reference) -> str | None:
        """A stored file that would be a folder of this one, or would lie in it."""
        namespace = reference.namespace
        leaving = {
            each.id
            for each in self._removals
            if each.kind == "file" and each.namespace == namespace
        }
        return files.in_the_way(self.tx, self.tenant, namespace, reference.id, without=leaving)

    def foreign_uses(self, namespace: str) -> list[FlowReference]:
        """What stored flows outside the set use of a namespace, and those below it, that is not
        their own or above them.
        """
        return [
            each
            for each in flow_references.into(self.tx, self.tenant, namespace)
            if not is_within(each.namespace, each.target_namespace)
            and not self.is_touched(Reference("flow", each.namespace, each.flow_id))
        ]

    def secret_keys(self, namespace: str) -> list[str]:
        """Keys that a flow of the namespace would find, for hints."""
        found = set(secrets.keys(self.tx, self.tenant, namespace))
        chain = ancestors(namespace)
        for draft in self._drafts.values():
            if draft.reference.kind == "secret" and draft.reference.namespace in chain:
                found.add(draft.reference.id)
        return sorted(found)

    def callers(self, namespace: str, id: str) -> list[tuple[str, str]]:  # noqa: A002 - the word of the API
        """Flows that would execute this one as a subflow."""
        stored = self._stored_callers(namespace, id)
        found = {
            (each.namespace, each.flow_id)
            for each in stored
            if not self.is_touched(Reference("flow", each.namespace, each.flow_id))
        }
        for each in self._drafted_references.get(("flow", id), ()):
            if each.target_namespace == namespace:
                found.add((each.namespace, each.flow_id))
        return sorted(found)

    def schedules_of(self, namespace: str, id: str) -> list[str]:  # noqa: A002 - the word of the API
        """Ids of the schedules that would start this flow."""
        found = {
            row.id
            for row in schedules.of_flow(self.tx, self.tenant, namespace, id)
            if not self.is_touched(Reference("schedule", namespace, row.id))
        }
        for draft in self._drafts.values():
            reference = draft.reference
            is_near = reference.kind == "schedule" and reference.namespace == namespace
            if is_near and draft.member.spec.get("flowId") == id:
                found.add(reference.id)
        return sorted(found)

    def readers(self, key: str) -> list[tuple[str, str, str]]:
        """Flows that would read a secret key, and the namespace in which they look for it."""
        stored = flow_references.referring(self.tx, self.tenant, "secret", target_id=key)
        found = {
            (each.namespace, each.flow_id, each.target_namespace)
            for each in stored
            if not self.is_touched(Reference("flow", each.namespace, each.flow_id))
        }
        for each in self._drafted_references.get(("secret", key), ()):
            found.add((each.namespace, each.flow_id, each.target_namespace))
        return sorted(found)

    def stored_at(self, namespace: str, id: str, content_hash: str) -> FlowRow | None:  # noqa: A002 - the word of the API
        """The revision of a flow that has a content; None for no content."""
        if not content_hash:
            return None
        revision = flows.revision_of(self.tx, self.tenant, namespace, id, content_hash)
        if revision is None:
            return None
        return flows.find(self.tx, self.tenant, namespace, id, revision)

    def file_readers(self, namespace: str, path: str) -> list[Key]:
        """Flows that would read a file of a namespace, as far as their texts name it."""
        stored = flow_references.referring(self.tx, self.tenant, "file", target_id=path)
        found = {
            (each.namespace, each.flow_id)
            for each in stored
            if each.target_namespace == namespace
            and not self.is_touched(Reference("flow", each.namespace, each.flow_id))
        }
        for each in self._drafted_references.get(("file", path), ()):
            if each.target_namespace == namespace:
                found.add((each.namespace, each.flow_id))
        return sorted(found)

    def secret_values(self, namespace: str) -> dict[str, list[str]]:
        """The values that flows of a namespace could read, by their keys: to find them elsewhere,
        never to tell them.
        """
        known = self._secret_values.get(namespace)
        if known is None:
            known = self._secret_values[namespace] = {}
            for row in secrets.visible(self.tx, self.tenant, namespace):
                value = self.services.secrets.decrypt(self.tx, row).get_secret_value()
                known.setdefault(row.key, []).append(value)
        return known

    def inside(self, namespace: str) -> list[str]:
        """References to everything that would stand in a namespace itself."""
        limit = 1_000
        found = {
            str(Reference("flow", namespace, id))
            for id in flows.ids(self.tx, self.tenant, namespace)  # noqa: A001 - the word of the API
        }
        for row in schedules.page(self.tx, self.tenant, namespace=namespace, limit=limit):
            if row.namespace == namespace:
                found.add(str(Reference("schedule", namespace, row.id)))
        for secret in secrets.page(self.tx, self.tenant, namespace=namespace, limit=limit):
            if secret.namespace == namespace:
                found.add(str(Reference("secret", namespace, secret.key)))
        now = self.services.now()
        found |= {
            str(Reference("kv", namespace, key))
            for key in pairs.keys(self.tx, self.tenant, (namespace,), now=now)
        }
        for test in flow_tests.page(self.tx, self.tenant, namespace=namespace, limit=limit):
            if test.namespace == namespace:
                found.add(str(Reference("test", namespace, test.id)))
        found |= {
            str(Reference("file", namespace, row.path))
            for row in files.of_namespace(self.tx, self.tenant, namespace)
        }
        for draft in self._drafts.values():
            if draft.reference.namespace == namespace and draft.reference.kind != "namespace":
                found.add(str(draft.reference))
        return sorted(found - self._removed)

    def drafted_flows(self) -> list[Key]:
        """The flows that the set writes."""
        return [
            (draft.reference.namespace, draft.reference.id)
            for draft in self._drafts.values()
            if draft.reference.kind == "flow" and draft.action != "none"
        ]

    def tests_of(self, namespace: str, id: str) -> list[tuple[Reference, str]]:  # noqa: A002 - the word of the API
        """The tests of a flow, as they would be, with their texts."""
        found = {
            Reference("test", namespace, row.id): row.source
            for row in flow_tests.of_flow(self.tx, self.tenant, namespace, id)
            if not self.is_touched(Reference("test", namespace, row.id))
        }
        for draft in self._drafts.values():
            source = draft.member.spec.get("source")
            is_near = draft.reference.kind == "test" and draft.reference.namespace == namespace
            if is_near and isinstance(source, str):
                suite = parse_suite(source).suite
                if suite is not None and suite.flow_id == id:
                    found[draft.reference] = source
        return sorted(found.items(), key=lambda pair: pair[0].id)

    def next_revision(self, namespace: str, id: str) -> int:  # noqa: A002 - the word of the API
        """The revision that a flow of the set would get."""
        return self._numbers[namespace, id]

    def _stored(self, namespace: str, id: str) -> FlowRow | None:  # noqa: A002 - as above
        key = (namespace, id)
        if key not in self._called:
            self._called[key] = flows.find(self.tx, self.tenant, namespace, id)
        return self._called[key]

    def _stored_callers(self, namespace: str, id: str) -> Sequence[FlowReference]:  # noqa: A002 - as above
        return self._callers.get((namespace, id), ())

    @cached_property
    def _flows(self) -> list[Key]:
        references = [draft.reference for draft in self._drafts.values()]
        references += self._removals
        return [(each.namespace, each.id) for each in references if each.kind == "flow"]

    # One statement for a whole set, instead of one for each of its flows.

    @cached_property
    def _callers(self) -> dict[Key, list[FlowReference]]:
        """Who calls the flows of the set, as stored."""
        found: dict[Key, list[FlowReference]] = {}
        for each in flow_references.callers(self.tx, self.tenant, self._flows):
            found.setdefault((each.target_namespace, each.target_id), []).append(each)
        return found

    @cached_property
    def _called(self) -> dict[Key, FlowRow | None]:
        """The stored flows outside the set that its flows call, or None where there is none."""
        keys = {
            (each.target_namespace, target)
            for (kind, target), found in self._drafted_references.items()
            if kind == "flow"
            for each in found
        } - {*self._flows}
        return {**dict.fromkeys(keys), **flows.find_many(self.tx, self.tenant, keys)}

    @cached_property
    def _numbers(self) -> dict[Key, int]:
        return flows.next_revisions(self.tx, self.tenant, self._flows)

    def is_drafted(self, reference: Reference) -> bool:
        """Whether the set writes this object."""
        return str(reference) in self._drafts

    def is_touched(self, reference: Reference) -> bool:
        """Whether the set writes or removes this object."""
        name = str(reference)
        return name in self._drafts or name in self._removed

    @cached_property
    def _drafted_references(self) -> dict[tuple[str, str], list[FlowReference]]:
        """What the set's flows refer to, by kind and id: read once, asked for each of them."""
        found: dict[tuple[str, str], list[FlowReference]] = {}
        for draft in self._drafts.values():
            if draft.reading is not None:
                for each in references_of(draft.reading):
                    found.setdefault((each.kind, each.target_id), []).append(each)
        return found
