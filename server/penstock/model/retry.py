"""When a failed task run gets another attempt."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, model_validator

from penstock.model.frozen import Frozen


class RetryBehavior(StrEnum):
    """Whether the task run is tried again, or the whole flow in a new execution."""

    RETRY_FAILED_TASK = "RETRY_FAILED_TASK"
    CREATE_NEW_EXECUTION = "CREATE_NEW_EXECUTION"


class _Retry(Frozen):
    max_attempts: Annotated[
        int | None,
        Field(ge=1, validation_alias=AliasChoices("maxAttempts", "maxAttempt")),
    ] = None
    max_duration: timedelta | None = None
    warning_on_retry: bool = False
    behavior: RetryBehavior = RetryBehavior.RETRY_FAILED_TASK


class ConstantRetry(_Retry):
    """The same wait between attempts. `max_attempts` counts the first attempt."""

    type: Literal["constant"]
    interval: timedelta

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.max_duration is not None and self.interval >= self.max_duration:
            raise ValueError("'interval' must be less than 'maxDuration'")
        return self


class ExponentialRetry(_Retry):
    """``interval × factor^(attempt−1)``, capped at `max_interval`."""

    type: Literal["exponential"]
    interval: timedelta
    max_interval: timedelta
    delay_factor: Annotated[float, Field(gt=0)] = 2.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.interval >= self.max_interval:
            raise ValueError("'interval' must be less than 'maxInterval'")
        if self.max_duration is not None and self.interval >= self.max_duration:
            raise ValueError("'interval' must be less than 'maxDuration'")
        return self


class RandomRetry(_Retry):
    """A random wait between `min_interval` and `max_interval`."""

    type: Literal["random"]
    min_interval: timedelta
    max_interval: timedelta

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min_interval >= self.max_interval:
            raise ValueError("'minInterval' must be less than 'maxInterval'")
        if self.max_duration is not None and self.max_interval >= self.max_duration:
            raise ValueError("'maxInterval' must be less than 'maxDuration'")
        return self


Retry = Annotated[ConstantRetry | ExponentialRetry | RandomRetry, Field(discriminator="type")]
"""A retry rule; `type` says which."""
