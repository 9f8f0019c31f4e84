"""A parsed expression, written down again, is the same expression."""

from dataclasses import fields, is_dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from penstock.expression import syntax
from penstock.expression.parser import PRECEDENCE
from penstock.expression.tag import parse

names = st.sampled_from(["a", "b1", "inputs", "été", "x_y"])
texts = st.text(st.characters(exclude_characters="'\\{}#%", exclude_categories=("Cs",)), max_size=6)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(0, 2**63 - 1), texts,
    st.floats(0, 1e15, allow_nan=False).map(lambda number: round(number, 3)).filter(lambda n: "e" not in repr(n)),
)  # fmt: skip
literals = scalars.map(lambda value: syntax.Literal(0, value))
BINARY = sorted(set(PRECEDENCE) - {"is", "is not", "|", "equals"})


def arguments(inner):
    named = st.dictionaries(st.sampled_from(["p", "q"]), inner, max_size=2)
    return st.builds(
        lambda positional, more: syntax.Arguments(tuple(positional), tuple(more.items())),
        st.lists(inner, max_size=2),
        named,
    )


def larger(inner):
    return st.one_of(
        st.builds(syntax.Binary, st.just(0), st.sampled_from(BINARY), inner, inner),
        st.builds(syntax.Unary, st.just(0), st.sampled_from(["not", "-", "+"]), inner),
        st.builds(syntax.Ternary, st.just(0), inner, inner, inner),
        st.builds(
            syntax.Test,
            st.just(0),
            inner,
            st.sampled_from(["defined", "empty"]),
            st.booleans(),
            st.just(syntax.Arguments()),
        ),
        st.builds(
            syntax.Filter, st.just(0), inner, st.sampled_from(["upper", "slice"]), arguments(inner)
        ),
        st.builds(syntax.Call, st.just(0), st.sampled_from(["f", "now"]), arguments(inner)),
        st.builds(syntax.Attribute, st.just(0), inner, literals, st.none()),
        st.lists(inner, max_size=3).map(lambda items: syntax.ListLiteral(0, tuple(items))),
        st.lists(st.tuples(literals, inner), max_size=2).map(
            lambda entries: syntax.MapLiteral(0, tuple(entries))
        ),
    )


expressions = st.recursive(
    literals | names.map(lambda name: syntax.Name(0, name)), larger, max_leaves=12
)


def printed(node):
    """With brackets around everything, so that no precedence is needed to read it."""
    match node:
        case syntax.Literal():
            return constant(node.value)
        case syntax.Name():
            return node.name
        case syntax.Binary():
            return f"({printed(node.left)} {node.operator} {printed(node.right)})"
        case syntax.Unary():
            return f"({node.operator} {printed(node.operand)})"
        case syntax.Ternary():
            return f"({printed(node.condition)} ? {printed(node.yes)} : {printed(node.no)})"
        case syntax.Test():
            return f"({printed(node.operand)} is {'not ' if node.negated else ''}{node.name})"
        case syntax.Filter():
            return f"({printed(node.operand)} | {node.name}({given_to(node.arguments)}))"
        case syntax.Call():
            return f"{node.name}({given_to(node.arguments)})"
        case syntax.Attribute():
            return f"({printed(node.target)})[{printed(node.key)}]"
        case syntax.ListLiteral():
            return f"[{', '.join(map(printed, node.items))}]"
        case syntax.MapLiteral():
            pairs = (f"{printed(key)}: {printed(item)}" for key, item in node.entries)
            return f"{{{', '.join(pairs)}}}"
    raise AssertionError(node)


def given_to(call):
    return ", ".join(
        [
            *map(printed, call.positional),
            *(f"{name}={printed(value)}" for name, value in call.named),
        ]
    )


def constant(value):
    if isinstance(value, str):
        return f"'{value}'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def nowhere(node):
    """The tree without the places in the text."""
    if isinstance(node, tuple):
        return tuple(map(nowhere, node))
    if not is_dataclass(node):
        return node
    parts = {field.name: nowhere(getattr(node, field.name)) for field in fields(node)}
    return replace(node, **{name: 0 if name == "at" else part for name, part in parts.items()})


@given(expressions)
def test_parsing_undoes_printing(expression):
    [found] = parse(f"{{{{ {printed(expression)} }}}}")
    assert isinstance(found, syntax.Print)
    assert nowhere(found.expression) == expression


@given(st.sampled_from(BINARY), st.sampled_from(BINARY))
def test_precedence_decides_without_brackets(first, second):
    [found] = parse(f"{{{{ a {first} b {second} c }}}}")
    tree = nowhere(found.expression)
    a, b, c = (syntax.Name(0, name) for name in "abc")
    if PRECEDENCE[first] >= PRECEDENCE[second]:
        assert tree == syntax.Binary(0, second, syntax.Binary(0, first, a, b), c)
    else:
        assert tree == syntax.Binary(0, first, a, syntax.Binary(0, second, b, c))
