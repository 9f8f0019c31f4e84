"""Settings from options and environment, with sentences for what does not hold."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from penstock.errors import InvalidObject
from penstock.settings import Settings


def read(given: Mapping[str, object]) -> Settings:
    """The settings, `given` over the environment. Raises `InvalidObject`; quotes no value."""
    try:
        return Settings.model_validate({**Settings().model_dump(), **given})
    except ValidationError as error:
        sentences = [
            f"{_named(str(detail['loc'][0]), given)}: {detail['msg']}."
            for detail in error.errors(include_input=False, include_url=False)
        ]
        raise InvalidObject(" ".join(sentences)) from None


def _named(name: str, given: Mapping[str, object]) -> str:
    return f"--{name}" if name in given else f"PENSTOCK_{name.upper().removeprefix('PENSTOCK_')}"
