"""Who may import whom: downward only, and the three products apart."""

from __future__ import annotations

import functools

import grimp
import pytest

LAYERS = (
    {"penstock.main"},
    {"penstock.cli"},
    {"penstock.docs"},
    {"penstock.api"},
    {"penstock.runtime"},
    {"penstock.service"},
    {
        "penstock.store",
        "penstock.storage",
        "penstock.secrets",
        "penstock.security",
        "penstock.telemetry",
    },
    {"penstock.engine", "penstock.plugins"},
    {"penstock.sdk"},
    {"penstock.language"},
    {"penstock.expression"},
    {"penstock.model"},
)


@functools.cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "penstock", "penstock_provider", "penstock_cdktf", exclude_type_checking_imports=True
    )


def _found(importer: str, imported: str) -> list[str]:
    """Direct imports between two packages (or modules), as sentences."""
    built = graph()
    inside = {m for m in built.modules if m == importer or m.startswith(f"{importer}.")}
    sentences = []
    for module in sorted(inside):
        sentences.extend(
            f"{module} imports {target}"
            for target in sorted(built.find_modules_directly_imported_by(module))
            if target == imported or target.startswith(f"{imported}.")
        )
    return sentences


# The command that starts the server is the one caller of the composition root.
ALLOWED = {"penstock.cli.server imports penstock.main"}


def test_layers_import_downward_only():
    upward = {
        sentence
        for index, layer in enumerate(LAYERS)
        for higher in LAYERS[:index]
        for lower_package in sorted(layer)
        for higher_package in sorted(higher)
        for sentence in _found(lower_package, higher_package)
    }
    assert upward - ALLOWED == set()


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("penstock.engine", "penstock.plugins"),
        ("penstock.plugins", "penstock.engine"),
        ("penstock.plugins", "penstock.store"),
        ("penstock.api", "penstock.cli"),
        ("penstock.cli", "penstock.api"),
        ("penstock_provider.framework", "penstock"),
        ("penstock_cdktf", "penstock"),
        ("penstock", "penstock_cdktf.stack"),
    ],
)
def test_these_do_not_know_each_other(importer: str, imported: str):
    assert _found(importer, imported) == []


def test_the_provider_imports_of_the_server_only_its_client_and_errors():
    assert {
        sentence
        for sentence in _found("penstock_provider", "penstock")
        if not sentence.endswith(("penstock.client", "penstock.errors"))
    } == set()


PURE = ("penstock.language", "penstock.expression", "penstock.engine", "penstock.model")
IMPURE = {
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "sqlalchemy",
    "httpx",
    "subprocess",
    "threading",
}


@pytest.mark.parametrize("package", PURE)
def test_the_core_imports_nothing_that_reaches_the_world(package: str):
    external = grimp.build_graph("penstock", include_external_packages=True)
    inside = {m for m in external.modules if m == package or m.startswith(f"{package}.")}
    reached = {
        f"{module} imports {target}"
        for module in inside
        for target in external.find_modules_directly_imported_by(module)
        if target.split(".")[0] in IMPURE
    }
    assert reached == set()
