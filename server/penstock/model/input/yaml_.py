"""YAML."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal, cast

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, Unfit
from penstock.model.nesting import TooDeep, hold

if TYPE_CHECKING:
    from yaml import SafeLoader


class YamlInput(BaseInput):
    """A text in YAML, kept as the value that it means; a value that is no text stays.

    Dates stay texts; anchors that are used again are not taken.

    Example:
        - id: settings
          type: YAML
          defaults: |
            keep: [1, 2]
    """

    type: Literal["YAML"]

    def cast(self, value: Json) -> Json:
        """The parsed value."""
        try:
            made = _read(value) if isinstance(value, str) else value
            hold(made)
        except (RecursionError, TooDeep):
            raise Unfit(f"Invalid YAML content: {TooDeep()}") from None
        return made

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a text in YAML such as `a: 1`"


def _read(text: str) -> Json:
    import yaml  # noqa: PLC0415 - only for this type

    try:
        # A loader derived from the safe one.
        return _plain(yaml.load(text, _loader()))  # noqa: S506 - see above
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise Unfit(f"Invalid YAML content: {error.problem}{place}") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise Unfit(f"Invalid YAML content: {error}") from None


def _plain(value: object) -> Json:
    """With texts as keys."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _plain(it) for key, it in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return cast("Json", value)


@functools.cache
def _loader() -> type[SafeLoader]:
    import yaml  # noqa: PLC0415 - only for this type

    class Loader(yaml.SafeLoader):
        """Gives what JSON can carry, and nothing that grows."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark
                raise yaml.composer.ComposerError(None, None, "aliases are not taken", mark)
            return super().compose_node(parent, index)

    plain = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge"}
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in known if tag not in plain]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for tag in ("timestamp", "binary", "set", "omap", "pairs"):
        Loader.yaml_constructors = {
            name: make
            for name, make in Loader.yaml_constructors.items()
            if name != f"tag:yaml.org,2002:{tag}"
        }
    return Loader
