"""One evaluation of a trigger that asks somebody, and the execution that comes of it."""

from __future__ import annotations

import orjson
import structlog

from penstock.errors import InvalidInputs, PenstockError
from penstock.expression.error import ExpressionError
from penstock.language.rendering import RenderingFailed, render_trigger
from penstock.model.execution import Execution, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.model.task import LogLevel
from penstock.runtime.attempt import Bench
from penstock.runtime.command import Record
from penstock.runtime.context import Context
from penstock.runtime.flows import FlowVersion
from penstock.runtime.functions import World
from penstock.runtime.rendering import Renderer
from penstock.sdk.task import Outputs, TaskFailed
from penstock.sdk.trigger import PollingTrigger
from penstock.service.beginning import seen
from penstock.service.firing import Fire, Firing, sentences
from penstock.store.identity import new_id
from penstock.store.trigger import TriggerRow

_log = structlog.get_logger("penstock.poller")


class Refused(Exception):
    """An evaluation came to nothing; `message` has no secrets, `fire` can fail an execution."""

    def __init__(self, message: str, fire: Fire) -> None:
        super().__init__(message)
        self.message = message
        self.fire = fire


class Poll:
    """An evaluation; `id` is that of the execution it may start."""

    def __init__(
        self,
        world: World,
        bench: Bench,
        *,
        row: TriggerRow,
        version: FlowVersion,
        trigger: PollingTrigger,
    ) -> None:
        self.id = new_id()
        self.row = row
        self.version = version
        self.trigger = trigger
        self.about = {"flow": f"{row.key.namespace}/{row.key.flow_id}", "trigger": row.key.id}
        self._world = world
        self._clock = bench.clock
        self._limit = bench.outputs_limit
        self._asking = self._fire({})
        self._renderer = Renderer(world, bench.clock, self._asking.execution)
        flow = version.flow
        self._context = Context(
            renderer=self._renderer,
            task_run=TaskRun(new_id(), trigger.id, 0, State.RUNNING, ()),
            attempt=1,
            variables={**seen(flow, version.revision), "vars": flow.variables},
            clock=bench.clock,
            place=bench.place,
            send=self._tell,
            level=trigger.log_level or LogLevel.TRACE,
        )

    def evaluate(self) -> tuple[Fire, Execution | None]:
        """Asks; the execution to start, or None when nothing is to be started. Raises `Refused`."""
        fire = self._asking
        try:
            outputs = self._asked()
            if outputs is None:
                return fire, None
            # What was used in asking may come back in the answer.
            fire = self._fire(self._renderer.masker.value(outputs))
            return fire, fire.made() if fire.is_wanted() else None
        except (ExpressionError, InvalidInputs) as error:
            reason = sentences(error)
        except (TaskFailed, RenderingFailed, PenstockError, OSError) as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - a plugin's bug is no reason to stop asking
            reason = f"{type(error).__name__}: {error}"
        reason = fire.renderer.masker.text(self._renderer.masker.text(reason))
        raise Refused(f"The trigger '{self.trigger.id}' cannot start the flow: {reason}", fire)

    def cancel(self) -> None:
        """Ends it at once."""
        self._context.cancel()

    @property
    def is_cancelled(self) -> bool:
        """Whether it shall end."""
        return self._context.is_cancelled

    def close(self) -> None:
        """Leaves nothing behind."""
        self._context.close()

    def _asked(self) -> Outputs | None:
        def render(value: Json, *, typed: bool = False) -> Json:
            return self._renderer.render(value, self._context.variables, typed=typed, may_wait=True)

        outputs = render_trigger(self.trigger, render).poll(self._context)
        if outputs is not None and len(orjson.dumps(outputs)) > self._limit:
            raise TaskFailed(
                f"what it got is larger than the {self._limit / 1024 / 1024:.1f} MiB that an "
                "execution can keep. Ask for less, or ask for it in a task."
            )
        return outputs

    def _fire(self, variables: Outputs) -> Fire:
        firing = Firing(
            execution_id=self.id,
            tenant=self.row.key.tenant,
            now=self._clock.now(),
            trigger=self.trigger,
            type=self.row.type,
            actor="poller",
            variables=variables,
        )
        return Fire(
            self.version, firing, lambda execution: Renderer(self._world, self._clock, execution)
        )

    def _tell(self, record: Record) -> None:
        for line in record.lines:
            _log.info("a trigger says", message=line.message, **self.about)
