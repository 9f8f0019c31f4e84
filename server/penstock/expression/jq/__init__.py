"""The query language of the filter `jq`: the part of jq 1.6 that reads and reshapes values.

Without assignment, `def`, `try`, `foreach`, `$ENV`, input and output. A query is compiled once to
closures which yield results one by one; each result costs a step of a budget.
"""

import functools

from penstock.expression.error import ExpressionError
from penstock.expression.jq.parser import Parser
from penstock.expression.jq.query import Budget, Environment, Query
from penstock.expression.limit import Limits
from penstock.expression.value import Value, from_json, to_json, type_name


@functools.lru_cache(maxsize=512)
def compile_query(text: str) -> Query:
    """The closure of a query.

    Raises:
        ExpressionError: it is no query, or uses a part of jq which is not here.
    """
    try:
        return Parser(text).query()
    except RecursionError:
        raise ExpressionError("The jq expression is nested too deeply.") from None


def jq(value: Value, expression: Value, *, limits: Limits) -> Value:
    """All results of a query, always as a list."""
    if value is None:
        return None
    if not isinstance(expression, str):
        raise ExpressionError(
            f"The argument 'expression' of the filter `jq` is a text, not {type_name(expression)}."
        )
    # Through JSON, as jq sees it: dates are texts there, and the size is known to be sane.
    document = from_json(value if isinstance(value, str) else to_json(value, limits))
    query = compile_query(expression)
    return list(query(Environment({}, Budget(limits)), document))
