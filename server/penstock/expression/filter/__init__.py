"""The filters by their names in templates."""

from penstock.expression.filter import codec, collection, date, java_format, number, regex, text
from penstock.expression.jq import jq
from penstock.expression.value import Function

_ALL: dict[str, Function] = {
    "abbreviate": text.abbreviate,
    "abs": number.absolute,
    "base64decode": codec.base64decode,
    "base64encode": codec.base64encode,
    "capitalize": text.capitalize,
    "chunk": collection.chunk,
    "className": number.class_name,
    "date": date.date,
    "dateAdd": date.date_add,
    "default": collection.default,
    "distinct": collection.distinct,
    "endsWith": text.ends_with,
    "escape": text.escape,
    "escapeChar": text.escape_char,
    "first": collection.first,
    "flatten": collection.flatten,
    "format": java_format.format_text,
    "indent": text.indent,
    "join": collection.join,
    "jq": jq,
    "json": codec.json,
    "keys": collection.keys,
    "last": collection.last,
    "length": collection.length,
    "lower": text.lower,
    "md5": codec.md5,
    "merge": collection.merge,
    "nindent": text.nindent,
    "nl2br": text.nl2br,
    "number": number.number,
    "numberformat": number.numberformat,
    "raw": text.raw,
    "regexExtract": regex.regex_extract,
    "regexMatch": regex.regex_match,
    "regexReplace": regex.regex_replace,
    "replace": text.replace,
    "reverse": collection.reverse,
    "rsort": collection.rsort,
    "sha1": codec.sha1,
    "sha256": codec.sha256,
    "sha512": codec.sha512,
    "slice": collection.slice_,
    "slugify": text.slugify,
    "sort": collection.sort,
    "split": regex.split,
    "startsWith": text.starts_with,
    "string": number.string,
    "substringAfter": text.substring_after,
    "substringAfterLast": text.substring_after_last,
    "substringBefore": text.substring_before,
    "substringBeforeLast": text.substring_before_last,
    "timestamp": date.timestamp,
    "timestampMicro": date.timestamp_micro,
    "timestampMilli": date.timestamp_milli,
    "timestampNano": date.timestamp_nano,
    "title": text.title,
    "toJson": codec.json,
    "trim": text.trim,
    "upper": text.upper,
    "urldecode": text.urldecode,
    "urlencode": text.urlencode,
    "values": collection.values,
    "yaml": codec.as_yaml,
}


def _wants_limits(function: Function) -> bool:
    return "limits" in (getattr(function, "__kwdefaults__", None) or ()) or (
        "limits" in function.__annotations__
    )


FILTERS: dict[str, tuple[Function, bool]] = {
    name: (function, _wants_limits(function)) for name, function in _ALL.items()
}
"""Each filter, and whether it is given the limits of the rendering."""
