"""The functions `fromJson` and `yaml`."""

from typing import cast

from yaml import CSafeLoader, SafeLoader, YAMLError, __with_libyaml__, load

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, LimitError
from penstock.expression.value import Value, from_json, type_name

_LONGEST_YAML = 1_000_000


@named("fromJson", "json")
def read_json(json: Value) -> Value:
    """The value of a JSON text.

    Args:
        json (text): the text; null stays null.

    Example:
        {{ fromJson('{"a": [1, 2]}').a }} → [1,2]
    """
    if json is None:
        return None
    if isinstance(json, bytes):
        json = json.decode()
    if not isinstance(json, str):
        raise ExpressionError(f"The 'fromJson' function reads a text, not {type_name(json)}.")
    return from_json(json)


@named("yaml")
def read_yaml(yaml: Value) -> Value:
    """The value of a YAML text; dates stay texts.

    Args:
        yaml (text): the text; null stays null.

    Example:
        {{ yaml('a: 1').a }} → 1
    """
    if yaml is None:
        return None
    if not isinstance(yaml, str):
        raise ExpressionError(f"The 'yaml' function reads a text, not {type_name(yaml)}.")
    if len(yaml) > _LONGEST_YAML:
        raise LimitError(f"The 'yaml' function reads at most {_LONGEST_YAML:,} characters.")
    try:
        return load(yaml, Loader=_PlainLoader)  # noqa: S506 - derives from SafeLoader
    except (YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it cannot be read"
        raise ExpressionError(f"The text is not YAML: {reason}.") from None


_PlainLoader = cast(
    "type[SafeLoader]",
    type(
        "PlainLoader",
        (CSafeLoader if __with_libyaml__ else SafeLoader,),
        {
            "yaml_implicit_resolvers": {
                first: [rule for rule in rules if not rule[0].endswith(":timestamp")]
                for first, rules in SafeLoader.yaml_implicit_resolvers.items()
            }
        },
    ),
)
