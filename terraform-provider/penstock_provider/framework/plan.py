"""The default plan: what Terraform's strict rules demand, in one place."""

from __future__ import annotations

from penstock_provider.framework.diagnostics import Diagnostics, Path
from penstock_provider.framework.nesting import filled, kept, replacing, same, unsettled
from penstock_provider.framework.record import field, record
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import UNKNOWN, JsonValue, State, Value

Private = dict[str, JsonValue]


@record
class Plan:
    """A planned change in the making; a resource's ``plan`` may alter all but the first three."""

    prior: State | None
    """What is there now; None when the object is to be created."""
    proposed: State
    """Terraform's merge of prior state and configuration."""
    config: State
    planned: State
    changed: set[str] = field(default_factory=set)
    """Attributes whose planned value differs from the prior one (all set ones on creation)."""
    replace: list[Path] = field(default_factory=list)
    private: Private = field(default_factory=dict)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)

    @property
    def creating(self) -> bool:
        """True when there is no prior object."""
        return self.prior is None

    def unsettle(self, schema: Schema) -> None:
        """Marks the volatile attributes unknown: something changes."""
        for name, attribute in schema.attributes.items():
            configured = self.config.get(name)
            if attribute.volatile and configured is None:
                self.planned[name] = UNKNOWN
            elif attribute.nested is not None:
                self.planned[name] = unsettled(attribute, self.planned[name], configured)


def default_plan(
    schema: Schema, prior: State | None, *, proposed: State, config: State, private: Private
) -> Plan:
    """Plans a creation (``prior`` is None) or an update by the attributes' declarations alone."""
    plan = Plan(prior, proposed, config, dict(proposed), private=private)
    for name, attribute in schema.attributes.items():
        if attribute.write_only:
            plan.planned[name] = None
            continue
        value = _value(attribute, proposed.get(name), configured=config.get(name), prior=prior)
        plan.planned[name] = value
        if prior is None:
            if value is not None:
                plan.changed.add(name)
            continue
        before = prior.get(name)
        if attribute.nested is not None:
            plan.planned[name] = value = kept(attribute, value, before)
        if same(attribute, before, value):
            plan.planned[name] = before
        else:
            plan.changed.add(name)
            plan.replace.extend(replacing(attribute, value, before, (name,)))
    if plan.changed and prior is not None:
        plan.unsettle(schema)
    return plan


def _value(
    attribute: Attribute, proposed: Value, *, configured: Value, prior: State | None
) -> Value:
    if not attribute.computed or configured is not None:
        return filled(attribute, proposed, configured)
    if attribute.default is not None:
        return attribute.default
    return UNKNOWN if prior is None else proposed
