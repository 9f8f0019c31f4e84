"""A39, first half: a hundred flows by Terraform. The seconds are in benchmarks/README.md."""

import pytest

from penstock_provider.client import Client

COUNT = 100
SINGLE = """
locals {
  flows = { for n in range(COUNT) : "f${n}" => "id: f${n}\\nnamespace: NAMESPACE\\ntasks:\\n  - id: a\\n    type: core.log.Log\\n    message: x\\n" }
}
resource "penstock_flow" "many" {
  for_each = local.flows
  source   = each.value
}
"""
SET = SINGLE.replace('"penstock_flow" "many"', '"penstock_flows" "many"').replace(
    "for_each = local.flows\n  source   = each.value",
    'namespace = "NAMESPACE"\n  sources = local.flows',
)


@pytest.fixture
def requests(monkeypatch):
    """Every request that the provider sends, as method and path: it runs in this process."""
    sent = []
    once = Client._once

    def counted(self, method, path, *arguments, **more):
        sent.append(f"{method} {path.partition('?')[0]}")
        return once(self, method, path, *arguments, **more)

    monkeypatch.setattr(Client, "_once", counted)
    return sent


@pytest.mark.parametrize(("text", "most"), [(SINGLE, (40, 150, 6)), (SET, (1, 3, 1))])
def test_A39_a_hundred_flows_take_few_requests_and_a_second_plan_is_empty(
    terraform, server, namespace, requests, text, most
):
    terraform.write(text.replace("NAMESPACE", namespace).replace("COUNT", str(COUNT)))
    counts = []
    for step in (lambda: terraform.plan(2), terraform.apply, lambda: terraform.plan(0)):
        requests.clear()
        step()
        counts.append(len(requests))
    assert all(count <= limit for count, limit in zip(counts, most, strict=True)), counts
    assert len(server.get(f"/flows?namespace={namespace}&limit=1000")["items"]) == COUNT
