"""Reads templates: text, prints and tags, around the grammar of expressions."""

from collections.abc import Callable

from penstock.expression import lexer
from penstock.expression.error import nearest
from penstock.expression.parser import Parser
from penstock.expression.syntax import (
    Arguments,
    Assign,
    Body,
    Expression,
    FilterBlock,
    For,
    If,
    Macro,
    Print,
    Statement,
    Text,
)

_TRANSPARENT = {"autoescape", "block", "cache", "parallel"}
_NO_LOADER = {"embed", "extends", "from", "import", "include"}
_NESTING = 20


def parse(text: str) -> Body:
    """The statements of a template.

    Raises:
        ExpressionSyntaxError: the text is not a template; says where and what was expected.
    """
    return _TemplateParser(text).template()


class _TemplateParser:
    def __init__(self, text: str) -> None:
        self._parser = Parser(text)
        self._open: list[tuple[str, int]] = []
        self._tags: dict[str, Callable[[int], Body]] = {
            "if": self._if,
            "for": self._for,
            "set": self._set,
            "filter": self._filter,
            "macro": self._macro,
            "flush": self._flush,
        }

    def template(self) -> Body:
        """Everything up to the end of the text."""
        body, _ = self._body(())
        return body

    def _body(self, ends: tuple[str, ...]) -> tuple[Body, str]:
        """Statements up to one of the tags, and that tag; its name has been read."""
        parser = self._parser
        statements: list[Statement] = []
        while True:
            token = parser.current
            if token.kind == lexer.TEXT:
                parser.advance()
                statements.append(Text(token.value))
            elif token.kind == lexer.PRINT:
                parser.advance()
                expression = parser.expression()
                parser.expect(lexer.PRINT_END, what="`}}` or an operator")
                statements.append(Print(expression.at, expression))
            elif token.kind == lexer.END:
                if ends:
                    name, at = self._open[-1]
                    raise parser.fail(
                        f"The tag `{name}` is not closed.",
                        at,
                        f"Close it with `{{% {ends[-1]} %}}`.",
                    )
                return tuple(statements), ""
            else:
                parser.advance()
                name = parser.expect(lexer.NAME, what="the name of a tag")
                if name.value in ends:
                    return tuple(statements), name.value
                statements.extend(self._tag(name))

    def _tag(self, name: lexer.Token) -> Body:
        parser = self._parser
        if name.value in _NO_LOADER:
            raise parser.fail(
                f"The tag `{name.value}` needs other templates, and expressions have none.",
                name.at,
                "Keep the text in a variable and write `{{ render(vars.text) }}`.",
            )
        if len(self._open) >= _NESTING:
            raise parser.fail(f"Tags are nested more than {_NESTING} levels deep.", name.at)
        self._open.append((name.value, name.at))
        if name.value in _TRANSPARENT:
            body = self._wrapper(name.value)
        elif name.value in self._tags:
            body = self._tags[name.value](name.at)
        else:
            raise self._unknown(name)
        self._open.pop()
        return body

    def _unknown(self, name: lexer.Token) -> Exception:
        if name.value == "elif":
            return self._parser.fail("There is no tag `elif`.", name.at, "Write `elseif`.")
        known = [*self._tags, *_TRANSPARENT, "raw", "verbatim"]
        if name.value.startswith("end") or name.value in {"else", "elseif"}:
            return self._parser.fail(f"The tag `{name.value}` closes nothing here.", name.at)
        near = nearest(name.value, known)
        hint = f"Did you mean `{near}`?" if near else f"There are: {', '.join(sorted(known))}."
        return self._parser.fail(f"There is no tag `{name.value}`.", name.at, hint)

    def _close(self) -> None:
        self._parser.expect(lexer.TAG_END)

    def _if(self, at: int) -> Body:
        branches: list[tuple[Expression, Body]] = []
        otherwise: Body = ()
        end = "if"
        while end in {"if", "elseif"}:
            condition = self._parser.expression()
            self._close()
            body, end = self._body(("elseif", "else", "endif"))
            branches.append((condition, body))
        if end == "else":
            self._close()
            otherwise, _ = self._body(("endif",))
        self._close()
        return (If(at, tuple(branches), otherwise),)

    def _for(self, at: int) -> Body:
        parser = self._parser
        name = parser.expect(lexer.NAME, what="the name of a variable")
        if parser.matches(lexer.PUNCTUATION, ","):
            raise parser.fail(
                "`for` takes one variable.",
                parser.current.at,
                "Over a map write `for entry in map` and use `entry.key` and `entry.value`.",
            )
        parser.expect(lexer.NAME, "in")
        iterable = parser.expression()
        self._close()
        body, end = self._body(("else", "endfor"))
        otherwise: Body = ()
        self._close()
        if end == "else":
            otherwise, _ = self._body(("endfor",))
            self._close()
        return (For(at, name.value, iterable, body, otherwise),)

    def _set(self, at: int) -> Body:
        name = self._parser.expect(lexer.NAME, what="the name of a variable")
        self._parser.expect(lexer.PUNCTUATION, "=")
        expression = self._parser.expression()
        self._close()
        return (Assign(at, name.value, expression),)

    def _filter(self, at: int) -> Body:
        parser = self._parser
        filters: list[tuple[int, str, Arguments]] = []
        while True:
            name = parser.expect(lexer.NAME, what="the name of a filter")
            has_arguments = parser.matches(lexer.PUNCTUATION, "(")
            arguments = parser.arguments() if has_arguments else Arguments()
            filters.append((name.at, name.value, arguments))
            if not parser.accept(lexer.OPERATOR, "|"):
                break
        self._close()
        body, _ = self._body(("endfilter",))
        self._close()
        return (FilterBlock(at, tuple(filters), body),)

    def _macro(self, at: int) -> Body:
        parser = self._parser
        name = parser.expect(lexer.NAME, what="the name of a macro")
        parser.expect(lexer.PUNCTUATION, "(")
        parameters: list[tuple[str, Expression | None]] = []
        while not parser.accept(lexer.PUNCTUATION, ")"):
            if parameters:
                parser.expect(lexer.PUNCTUATION, ",", what="`,` or `)`")
            parameter = parser.expect(lexer.NAME, what="the name of a parameter")
            given = parser.accept(lexer.PUNCTUATION, "=")
            parameters.append((parameter.value, parser.expression() if given else None))
        self._close()
        body, _ = self._body(("endmacro",))
        if parser.current.kind == lexer.NAME:
            parser.advance()
        self._close()
        return (Macro(at, name.value, tuple(parameters), body),)

    def _flush(self, _at: int) -> Body:
        self._close()
        return ()

    def _wrapper(self, name: str) -> Body:
        """Tags that change nothing here: their body stands for itself."""
        while self._parser.current.kind not in {lexer.TAG_END, lexer.END}:
            self._parser.advance()
        self._close()
        body, _ = self._body((f"end{name}",))
        while self._parser.current.kind == lexer.NAME:
            self._parser.advance()
        self._close()
        return body
