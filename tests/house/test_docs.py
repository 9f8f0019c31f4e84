"""The manual says what the code says: pages are fresh, examples hold, nothing is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel

from penstock import errors, registry
from penstock.cli.root import command as root
from penstock.docs import build, function, input_type, task
from penstock.docs.markdown import MADE
from penstock.expression import Scope, compile_template
from penstock.expression.closure import TESTS
from penstock.expression.parser import PRECEDENCE
from penstock.language import dialect
from penstock.language.function import OF_EXECUTIONS
from penstock.language.parse import parse
from penstock.model.flow import Flow
from penstock.model.input import INPUTS, OLD_NAMES, BaseInput
from penstock.model.task import Task
from penstock.model.trigger import Trigger
from penstock.plugins.core.trigger.schedule import Schedule
from penstock.runtime.function import EFFECTS
from penstock.runtime.query.process import QUERIES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
GUIDES = sorted(path for path in DOCS.rglob("*.md") if REFERENCE not in path.parents)
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
SOURCES = ("server/penstock", "terraform-provider/penstock_provider", "cdktf-app/penstock_cdktf")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE)


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of every table, heads and rules left out."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        is_head = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not is_head:
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            yield [cell.strip().replace("\\|", "|") for cell in cells]


@cache
def code() -> str:
    """All sources, with texts that are written in pieces put together."""
    text = "\n".join(
        path.read_text() for folder in SOURCES for path in sorted((ROOT / folder).rglob("*.py"))
    )
    return re.sub(r'["\']\s*\n\s*f?["\']', "", text)


# -- reference pages -------------------------------------------------------------------------------


@cache
def generated() -> dict[str, str]:
    return build.pages(root)


def test_no_reference_page_is_missing_stale_or_of_something_gone():
    found = {
        path.relative_to(REFERENCE).as_posix(): path.read_text() for path in REFERENCE.rglob("*.md")
    }
    wrong = [name for name in generated() | found if generated().get(name) != found.get(name)]
    assert wrong == [], "run: penstock docs build docs/reference"


def test_building_writes_what_changed_and_removes_only_what_is_generated(tmp_path):
    (tmp_path / "mine.md").write_text("# Mine")
    (tmp_path / "gone.md").write_text(f"# Gone\n\n{MADE}\n")
    found = {"tasks/a.md": "text"}
    assert build.build(found, tmp_path) == ["tasks/a.md", "gone.md"]
    assert build.build(found, tmp_path) == []
    assert sorted(path.name for path in tmp_path.rglob("*.md")) == ["a.md", "mine.md"]


def test_without_a_clone_the_command_says_what_is_missing(tmp_path):
    with pytest.raises(errors.NotFound, match=r"There is no example .*main\.tf"):
        build.pages(root, tmp_path)


@pytest.mark.parametrize("name", registry.names())
def test_every_type_has_prose_and_an_example_that_is_valid(name):
    kind = registry.load(name)
    assert kind is not None
    about = task.about_of(kind)
    assert about.prose.endswith(".")
    parsed = parse(about.example, registry)
    assert [each.sentence() for each in parsed.problems if each.code != "deprecated"] == []
    assert name in about.example


@pytest.mark.parametrize("path", sorted(REFERENCE.rglob("*.md")), ids=named)
def test_everything_on_a_reference_page_is_described(path):
    last = -2 if path.name == "api.md" else -1  # many routes have no query
    assert [row for row in rows(path.read_text()) if not row[last]] == []


# -- links, names, examples ------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    heads = re.findall(
        r"^#+ (.+)$",
        re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE),
        re.MULTILINE,
    )
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_links_lead_somewhere(path):
    dead = []
    prose = re.sub(
        r"`[^`\n]*`",
        "",
        re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE),
    )
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        name, _, anchor = target.partition("#")
        if name.startswith(("http://", "https://")):
            continue
        to = (path.parent / name).resolve() if name else path
        if not to.exists() or (anchor and anchor not in anchors(to)):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("path", [DOCS / "README.md", DOCS / "HOUSE.md"], ids=named)
def test_every_guide_and_every_decision_is_listed(path):
    text = path.read_text()
    wanted = DOCS.glob("*.md") if path.name == "README.md" else (DOCS / "decisions").glob("*.md")
    assert [found.name for found in wanted if found != path and f"{found.name})" not in text] == []


@pytest.mark.parametrize("folder", ["functions", "filters", "inputs", "tasks", "terraform"])
def test_every_folder_of_the_reference_has_pages_and_is_listed(folder):
    assert f"(reference/{folder}/README.md)" in (DOCS / "README.md").read_text()
    index = (REFERENCE / folder / "README.md").read_text()
    pages = {path.name for path in (REFERENCE / folder).rglob("*.md")} - {"README.md"}
    assert pages
    assert [page for page in sorted(pages) if f"{page})" not in index] == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_variables_of_the_environment_exist(path):
    found = set(re.findall(r"\bPENSTOCK_[A-Z][A-Z_]*[A-Z]\b", path.read_text()))
    settings = (REFERENCE / "settings.md").read_text()
    # PENSTOCK_<ENVIRONMENT>_TOKEN and the addresses of environments are made of their names.
    own = re.compile(r"PENSTOCK_(DEV|PROD)_(TOKEN|URL)")
    tests = (ROOT / "tests/language/test_broken.py").read_text()
    unknown = {
        name
        for name in found
        if name not in code()
        and name not in settings
        and name not in tests
        and not own.fullmatch(name)
        and name.removeprefix("PENSTOCK_").lower() not in code()
    }
    assert unknown == set()


# What stands only where this was made is nothing that a reader has.
PRIVATE = re.compile(r"(?<![\w.])/(work|tmp|root|home)/")


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_no_path_of_a_machine_is_named(path):
    text = path.read_text().replace("jdbc:duckdb:/tmp/", "")
    assert PRIVATE.findall(text) == []


def as_flow(block: str) -> str:
    """A block as a whole flow: a piece of one gets what it lacks."""
    found = yaml.safe_load(block)
    if isinstance(found, dict) and "id" in found:
        return block
    head = "id: example\nnamespace: company.team\n"
    if isinstance(found, list):
        return head + "tasks:\n" + block
    return head + block


FLOW_GUIDES = [DOCS / "flows.md", DOCS / "files.md", DOCS / "secrets.md", ROOT / "README.md"]


def flow_examples() -> list[tuple[str, str]]:
    return [
        (f"{path.name}:{yaml.safe_load(block)['id']}", block)
        for path in FLOW_GUIDES
        for block in blocks(path, "yaml")
        if "kind" not in yaml.safe_load(block)
    ]


@pytest.mark.parametrize(("name", "block"), flow_examples(), ids=lambda value: value[:30])
def test_flows_in_guides_are_valid(name, block):
    parsed = parse(block, registry)
    assert [problem.sentence() for problem in parsed.problems] == []


def test_every_key_of_a_flow_is_in_the_guide():
    keys = {str(field.alias or name) for name, field in Flow.model_fields.items()} - {"revision"}
    text = (DOCS / "flows.md").read_text()
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []
    firsts = [first for first, *_ in rows(text)]
    inputs = {name for first in firsts for name in re.findall(r"`([A-Z]{3,})`", first)}
    assert inputs == set(INPUTS) - set(OLD_NAMES)


# -- expressions -----------------------------------------------------------------------------------

EXPRESSIONS = (DOCS / "expressions.md").read_text()
VALUES = yaml.safe_load(blocks(DOCS / "expressions.md", "yaml")[0])
CASES = [
    (row[-2].strip("`"), row[-1].removeprefix("`").removesuffix("`"))
    for row in rows(EXPRESSIONS)
    if row[-2].startswith("`{") and row[-1].startswith("`")
]


def rendered(text: str) -> str:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    return compile_template(text).render(Scope(VALUES, now=now, queries=QUERIES))


@pytest.mark.parametrize(("text", "result"), CASES)
def test_examples_of_expressions_give_what_is_said(text, result):
    assert rendered(text) == result


def test_every_operator_and_test_has_an_example():
    names = {name for row in rows(EXPRESSIONS) for name in re.findall(r"`([^`(]+)[`(]", row[0])}
    assert (set(PRECEDENCE) | set(TESTS)) - names == set()
    assert len(CASES) > len(set(PRECEDENCE.values()) | set(TESTS))


@pytest.mark.parametrize("each", [each for _, each in function.everything()], ids=lambda e: e.name)
def test_every_function_and_filter_has_prose_and_an_example_that_holds(each):
    about = function.about_of(each)
    assert about.prose.endswith(".")
    assert all(argument.kind for argument in about.arguments), "each argument has a type"
    if each.name in EFFECTS:
        return
    assert each.name in about.example
    assert rendered(about.example) == about.result.replace("\\n", "\n")


def test_the_language_knows_the_functions_of_the_runtime():
    assert set(EFFECTS) == OF_EXECUTIONS


def test_operators_are_in_the_order_of_their_precedence():
    table = EXPRESSIONS.split("## Operators")[1].split("Tests, after")[0]
    told = [re.findall(r"`([^`]+)`", row[0]) for row in rows(table)]
    binary = [operators for operators in told if operators[0] in PRECEDENCE]
    strengths = [{PRECEDENCE[each] for each in operators} for operators in binary]
    assert all(len(strength) == 1 for strength in strengths)
    assert strengths == sorted(strengths, key=min)


# -- compatibility ---------------------------------------------------------------------------------

COMPATIBILITY = (DOCS / "compatibility.md").read_text()
REFUSALS = re.findall(r"```yaml\n(.*?)```\n\n```text\n(.*?)```", COMPATIBILITY, re.DOTALL)


@pytest.mark.parametrize(("flow", "said"), REFUSALS, ids=lambda text: text.split("\n")[0][:20])
def test_refused_flows_are_refused_with_these_words(flow, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = yaml.safe_load(flow)["id"]
    Path(f"{name}.yaml").write_text(flow)
    result = CliRunner().invoke(root, ["validate", f"{name}.yaml"], standalone_mode=False)
    assert result.return_value == 1
    assert result.stderr == said


def test_every_property_that_is_not_acted_on_is_listed():
    told = {row[0]: set(re.findall(r"`(\w+)`", row[1])) for row in rows(COMPATIBILITY)}
    kinds = {Flow: "Flow", Task: "Task", Trigger: "Trigger", BaseModel: "Input"}
    own = {str(field.alias or name) for name, field in Schedule.model_fields.items()}
    for kind, refused in dialect._LATER.items():
        assert told.get(kinds[kind], set()) == refused - (own if kind is Trigger else set())


# -- the other guides ------------------------------------------------------------------------------


def test_every_error_of_the_api_is_in_its_guide():
    told = {(row[0], row[1].strip("`")) for row in rows((DOCS / "api.md").read_text())}
    pending, wanted = [errors.PenstockError], set()
    while pending:
        kind = pending.pop()
        own = kind.__module__ == "penstock.errors"
        wanted |= {(str(kind.status), kind.code)} if own else set()
        pending += kind.__subclasses__()
    assert wanted - told == set()


def test_messages_in_the_troubleshooting_of_terraform_exist():
    text = (DOCS / "terraform.md").read_text().split("## Troubleshooting")[1]
    messages = [
        part
        for row in rows(text)
        if "Terraform finds" not in row[0]
        for part in re.findall(r"`([^`]+)`", row[0])
    ]
    assert len(messages) > 10
    assert [message for message in messages if message not in code()] == []


def test_every_variable_of_the_provider_is_in_its_guide():
    found = set(re.findall(r"`(PENSTOCK_\w+)`", (REFERENCE / "terraform/README.md").read_text()))
    text = (DOCS / "terraform.md").read_text()
    assert found
    assert [name for name in sorted(found) if f"`{name}`" not in text] == []


def test_only_the_command_knows_the_package_that_knows_everything():
    users = {
        named(path)
        for path in (ROOT / "server/penstock").rglob("*.py")
        if re.search(r"(from|import) penstock\.docs", path.read_text())
        and path.parent.name != "docs"
    }
    assert users == {"server/penstock/cli/docs.py"}


# -- inputs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(INPUTS) - set(OLD_NAMES)))
def test_every_input_type_has_a_page_whose_example_holds(name):
    cls = INPUTS[name]
    text, example = input_type.about(cls)
    assert text.endswith(".")
    inputs = "".join(f"  {line}\n" for line in example.splitlines())
    source = f"id: f\nnamespace: a.b\ninputs:\n{inputs}tasks:\n  - {{id: t, type: core.log.Log, message: x}}\n"
    parsed = parse(source, registry)
    assert parsed.problems == ()
    assert isinstance(parsed.flow.inputs[0], cls)
    page = generated()[f"inputs/{name}.md"]
    assert example in page
    own = {
        field.alias for key, field in cls.model_fields.items() if key not in BaseInput.model_fields
    }
    for key in own - {"type"}:
        (row,) = [row for row in rows(page) if row[0] == f"`{key}`"]
        assert row[3], f"{key} is not described"
    assert {*BaseInput.model_fields} - {"id"} <= {*cls.model_fields}


def test_every_file_of_an_input_is_registered():
    folder = ROOT / "server/penstock/model/input"
    files = {path.stem for path in folder.glob("*.py") if "Literal[" in path.read_text()}
    assert {cls.__module__.rpartition(".")[2] for cls in INPUTS.values()} == files - {"array_"}
