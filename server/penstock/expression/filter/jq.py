"""The filter `jq`: queries on JSON."""

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.scope import Scope, with_scope
from penstock.expression.value import Value, from_json, to_json, type_name


@named("jq")
@with_scope
def jq(scope: Scope, value: Value, expression: Value) -> Value:
    """All results of a query in the language of jq, always as a list.

    A text is read as JSON. The query runs in a process of its own, which has no files, no
    environment and no network, with the time and size that a rendering may take.

    Args:
        scope: that of the rendering.
        value (any): what is queried.
        expression (text): the query.

    Example:
        {{ inputs.order | jq('.city') | first }} → Rome
    """
    if value is None:
        return None
    if not isinstance(expression, str):
        raise ExpressionError(
            f"The argument 'expression' of the filter `jq` is a text, not {type_name(expression)}."
        )
    if scope.queries is None:
        raise ExpressionError("The filter `jq` has no process here that runs queries.")
    document = value if isinstance(value, str) else to_json(value, scope.limits)
    scope.limits.check_size(len(document))
    return from_json(scope.queries(expression.strip() or ".", document, scope.limits))
