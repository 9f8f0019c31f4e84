"""Filters that encode, decode and digest."""

import base64
import binascii
import hashlib

import yaml

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.limit import Limits
from penstock.expression.value import Value, from_json, to_json, to_text, weigh


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else to_text(value).encode()


@named("base64encode")
def base64encode(value: Value) -> Value:
    """The text in base 64.

    Args:
        value (text): the text.

    Example:
        {{ 'Ada' | base64encode }} → QWRh
    """
    return None if value is None else base64.b64encode(_bytes(value)).decode()


@named("base64decode")
def base64decode(value: Value) -> Value:
    """The text of a base 64 one; both alphabets, padded or not.

    Args:
        value (text): the text.

    Example:
        {{ 'QWRh' | base64decode }} → Ada
    """
    if value is None:
        return None
    text = "".join(to_text(value).split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        return decoded.decode()
    except binascii.Error:
        raise ExpressionError("The filter `base64decode` needs a text in base 64.") from None
    except UnicodeDecodeError:
        raise ExpressionError("The text in base 64 holds bytes which are no UTF-8.") from None


@named("md5")
def md5(value: Value) -> Value:
    """The MD5 digest in hexadecimal; no protection, only a fingerprint.

    Args:
        value (text): the text.

    Example:
        {{ 'a' | md5 }} → 0cc175b9c0f1b6a831c399e269772661
    """
    if value is None:
        return None
    return hashlib.md5(_bytes(value), usedforsecurity=False).hexdigest()


@named("sha1")
def sha1(value: Value) -> Value:
    """The SHA-1 digest in hexadecimal; no protection, only a fingerprint.

    Args:
        value (text): the text.

    Example:
        {{ 'a' | sha1 }} → 86f7e437faa5a7fce15d1ddcb9eaeaea377667b8
    """
    if value is None:
        return None
    return hashlib.sha1(_bytes(value), usedforsecurity=False).hexdigest()


@named("sha256")
def sha256(value: Value) -> Value:
    """The SHA-256 digest in hexadecimal.

    Args:
        value (text): the text.

    Example:
        {{ 'a' | sha256 | length }} → 64
    """
    return None if value is None else hashlib.sha256(_bytes(value)).hexdigest()


@named("sha512")
def sha512(value: Value) -> Value:
    """The SHA-512 digest in hexadecimal.

    Args:
        value (text): the text.

    Example:
        {{ 'a' | sha512 | length }} → 128
    """
    return None if value is None else hashlib.sha512(_bytes(value)).hexdigest()


@named("toJson", "json")
def json(value: Value, *, limits: Limits) -> Value:
    """The value as compact JSON; null is `null`.

    Args:
        value (any): the value.
        limits: those of the rendering.

    Example:
        {{ inputs.names | toJson }} → ["ada","grace"]
    """
    return to_json(value, limits)


@named("yaml")
def as_yaml(value: Value, *, limits: Limits) -> Value:
    """The value as YAML in block style, keys in their order.

    Args:
        value (any): the value.
        limits: those of the rendering.

    Example:
        {{ {'a': 1} | yaml | trim }} → a: 1
    """
    limits.check_size(10 * weigh(value))
    plain = from_json(to_json(value, limits))
    text = yaml.dump(
        plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000
    ).removesuffix("...\n")
    limits.check_size(len(text))
    return text


class _Dumper(yaml.SafeDumper):
    """Without anchors for parts that occur twice."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True
