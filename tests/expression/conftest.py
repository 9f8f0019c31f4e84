import pytest

from penstock.expression import Scope, compile_template
from penstock.runtime.query.process import QUERIES


@pytest.fixture
def render():
    def render(text, variables=None, **scope):
        return compile_template(text).render(
            Scope(variables=variables or {}, queries=QUERIES, **scope)
        )

    return render


@pytest.fixture
def evaluate():
    def evaluate(text, variables=None, **scope):
        return compile_template(text).evaluate(
            Scope(variables=variables or {}, queries=QUERIES, **scope)
        )

    return evaluate
