"""Every historic name of a type leads to the present one."""

import pytest

from penstock import registry

OLD = "io.kestra.core."
NAMES = {
    **{
        f"{OLD}tasks.flows.{name}": f"core.flow.{name}"
        for name in (
            "Sequential", "Parallel", "Dag", "If", "Switch", "ForEachItem", "EachSequential",
            "EachParallel", "Pause", "AllowFailure", "Template", "WorkingDirectory", "Subflow",
        )
    },
    f"{OLD}tasks.flows.Worker": "core.flow.WorkingDirectory",
    f"{OLD}tasks.flows.Flow": "core.flow.Subflow",
    "io.kestra.plugin.core.flow.WaitFor": "core.flow.LoopUntil",
    f"{OLD}tasks.log.Log": "core.log.Log",
    f"{OLD}tasks.log.Fetch": "core.log.Fetch",
    f"{OLD}tasks.debugs.Return": "core.debug.Return",
    f"{OLD}tasks.executions.Fail": "core.execution.Fail",
    f"{OLD}tasks.executions.Labels": "core.execution.Labels",
    f"{OLD}tasks.executions.Counts": "core.execution.Count",
    f"{OLD}tasks.templating.TemplatedTask": "core.templating.TemplatedTask",
    f"{OLD}tasks.trigger.Toggle": "core.trigger.Toggle",
    f"{OLD}tasks.states.Get": "core.state.Get",
    f"{OLD}tasks.storages.Concat": "core.storage.Concat",
    f"{OLD}tasks.storages.PurgeExecution": "core.storage.PurgeCurrentExecutionFiles",
    "core.storage.PurgeExecution": "core.storage.PurgeCurrentExecutionFiles",
    f"{OLD}tasks.storages.Purge": "core.execution.PurgeExecutions",
    "io.kestra.plugin.core.storage.Purge": "core.execution.PurgeExecutions",
    f"{OLD}models.triggers.types.Flow": "core.trigger.Flow",
    f"{OLD}models.triggers.types.Schedule": "core.trigger.Schedule",
    f"{OLD}models.triggers.types.Webhook": "core.trigger.Webhook",
    f"{OLD}models.conditions.types.DayWeekCondition": "core.condition.DayWeek",
    f"{OLD}models.conditions.types.VariableCondition": "core.condition.Expression",
    "io.kestra.plugin.core.condition.ExpressionCondition": "core.condition.Expression",
    "core.condition.ExecutionStatusCondition": "core.condition.ExecutionStatus",
    "io.kestra.plugin.fs.http.Request": "core.http.Request",
    "fs.http.Download": "core.http.Download",
    "fs.http.Trigger": "core.http.Trigger",
    "io.kestra.plugin.notifications.slack.SlackIncomingWebhook":
        "slack.notifications.SlackIncomingWebhook",
    "io.kestra.plugin.slack.SlackIncomingWebhook": "slack.notifications.SlackIncomingWebhook",
    "io.kestra.plugin.notifications.mail.MailSend": "email.MailSend",
    "io.kestra.plugin.notifications.discord.DiscordExecution": "discord.DiscordExecution",
    "io.kestra.plugin.kubernetes.PodCreate": "kubernetes.core.PodCreate",
}  # fmt: skip


@pytest.mark.parametrize(("old", "present"), NAMES.items())
def test_a_historic_name_leads_to_the_present_one(old, present):
    assert registry.canonical(old) == present
    assert registry.is_deprecated(old)


@pytest.mark.parametrize(
    "name", ["core.log.Log", "io.kestra.plugin.core.log.Log", "core.condition.FlowCondition"]
)
def test_a_present_name_is_not_deprecated(name):
    assert not registry.is_deprecated(name)
