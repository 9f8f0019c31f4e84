"""The kinds of declared objects, by name."""

from __future__ import annotations

from typing import Any

from penstock.service.draft import Kind
from penstock.service.file import FileKind
from penstock.service.flow import FlowKind
from penstock.service.flow_test import FlowTestKind
from penstock.service.kv import KvKind
from penstock.service.namespace import NamespaceKind
from penstock.service.objectset import KindName
from penstock.service.schedule import ScheduleKind
from penstock.service.secret import SecretKind

KIND: dict[KindName, Kind[Any]] = {  # each kind has its own row
    "namespace": NamespaceKind(),
    "secret": SecretKind(),
    "kv": KvKind(),
    "file": FileKind(),
    "flow": FlowKind(),
    "schedule": ScheduleKind(),
    "test": FlowTestKind(),
}
