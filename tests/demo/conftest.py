from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def load(name: str) -> ModuleType:
    """A module of the demo folder, which is no package."""
    path = REPOSITORY / "demo" / f"{name}.py"
    known = f"demo_{name.replace('/', '_')}"
    if known in sys.modules:
        return sys.modules[known]
    spec = importlib.util.spec_from_file_location(known, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[known] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def generate() -> ModuleType:
    return load("data/generate")


@pytest.fixture(scope="session")
def secret_manager() -> ModuleType:
    return load("secret_manager")


@pytest.fixture(scope="session")
def receiver() -> ModuleType:
    return load("receiver")
