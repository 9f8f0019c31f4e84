"""Which starts may wait for something, so that they do not hold up others."""

from __future__ import annotations

import pytest

from penstock.runtime.flows import version_of

FLOW = "id: f\nnamespace: a.b\n{more}\ntasks:\n  - {{id: t, type: core.log.Log, message: hello}}\n"


@pytest.mark.parametrize(
    ("more", "waits"),
    [
        ("", False),
        ("inputs: [{id: n, type: INT, defaults: 1}]", False),
        ("inputs: [{id: n, type: SELECT, values: [a, b]}]", False),
        ("inputs: [{id: n, type: STRING, defaults: \"{{ kv('x') }}\"}]", True),
        ("inputs: [{id: n, type: SELECT, expression: \"{{ kv('x') }}\"}]", True),
        ("inputs: [{id: n, type: SECRET}]", True),
        ("inputs: [{id: n, type: FILE}]", True),
        (
            "inputs: [{id: m, type: INT, defaults: 1}, {id: n, type: INT, dependsOn: {inputs: [m]}}]",
            True,
        ),
        ("inputs: [{id: g, type: FORM, inputs: [{id: n, type: FILE}]}]", True),
        ("checks: [{condition: \"{{ kv('x') }}\", message: no}]", True),
    ],
)
def test_a_start_may_wait_for_what_it_reads(more, waits):
    version = version_of(FLOW.format(more=more), revision=1, content_hash="x")
    assert version.may_wait == waits
