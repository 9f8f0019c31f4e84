"""Filters of what stands in a text before or after something."""

from penstock.expression.catalogue import named
from penstock.expression.value import Value, to_text


@named("startsWith")
def starts_with(subject: Value, /, value: Value) -> Value:
    """Whether the text starts so.

    Args:
        subject (text): the text.
        value (text): the beginning.

    Example:
        {{ 'a.csv' | startsWith('a') }} → true
    """
    return subject is not None and to_text(subject).startswith(to_text(value))


@named("endsWith")
def ends_with(subject: Value, /, value: Value) -> Value:
    """Whether the text ends so.

    Args:
        subject (text): the text.
        value (text): the end.

    Example:
        {{ 'a.csv' | endsWith('.csv') }} → true
    """
    return subject is not None and to_text(subject).endswith(to_text(value))


@named("substringBefore")
def substring_before(value: Value, separator: Value) -> Value:
    """What is before the first separator; everything when there is none.

    Args:
        value (text): the text.
        separator (text): what to look for.

    Example:
        {{ 'a/b/c' | substringBefore('/') }} → a
    """
    return None if value is None else _part(to_text(value), to_text(separator), "before")


@named("substringBeforeLast")
def substring_before_last(value: Value, separator: Value) -> Value:
    """What is before the last separator; everything when there is none.

    Args:
        value (text): the text.
        separator (text): what to look for.

    Example:
        {{ 'a/b/c' | substringBeforeLast('/') }} → a/b
    """
    return None if value is None else _part(to_text(value), to_text(separator), "before last")


@named("substringAfter")
def substring_after(value: Value, separator: Value) -> Value:
    """What is after the first separator; nothing when there is none.

    Args:
        value (text): the text.
        separator (text): what to look for.

    Example:
        {{ 'a/b/c' | substringAfter('/') }} → b/c
    """
    return None if value is None else _part(to_text(value), to_text(separator), "after")


@named("substringAfterLast")
def substring_after_last(value: Value, separator: Value) -> Value:
    """What is after the last separator; nothing when there is none.

    Args:
        value (text): the text.
        separator (text): what to look for.

    Example:
        {{ 'a/b/c' | substringAfterLast('/') }} → c
    """
    return None if value is None else _part(to_text(value), to_text(separator), "after last")


def _part(text: str, separator: str, which: str) -> str:
    if not separator:
        return {"before": "", "before last": text, "after": text}.get(which, "")
    place = text.rfind(separator) if which.endswith("last") else text.find(separator)
    if which.startswith("before"):
        return text if place < 0 else text[:place]
    return "" if place < 0 else text[place + len(separator) :]
