"""The expression language of flows: `{{ inputs.day | date('yyyy-MM-dd') }}`.

Compile a text once (`compile_template`), render it with a `Scope` as often as needed.
"""

from penstock.expression.deep import is_truthy, render_deep
from penstock.expression.error import (
    ExpressionError,
    ExpressionSyntaxError,
    LimitError,
    UndefinedError,
)
from penstock.expression.limit import Limits
from penstock.expression.reference import DYNAMIC, Invocation
from penstock.expression.scope import Scope, with_scope
from penstock.expression.template import Template, compile_template, has_expression
from penstock.expression.value import Function, Value, from_json, to_json, to_text

__all__ = [
    "DYNAMIC",
    "ExpressionError",
    "ExpressionSyntaxError",
    "Function",
    "Invocation",
    "LimitError",
    "Limits",
    "Scope",
    "Template",
    "UndefinedError",
    "Value",
    "compile_template",
    "from_json",
    "has_expression",
    "is_truthy",
    "render_deep",
    "to_json",
    "to_text",
    "with_scope",
]
