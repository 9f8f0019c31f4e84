"""A fake server, a provider in reattach mode, and a Terraform that uses both."""

from __future__ import annotations

import threading

import pytest

from penstock_provider.framework.plugin import Reattach
from penstock_provider.install import ADDRESSES
from penstock_provider.provider import Penstock

from .fake import TOKEN, Fake
from .workspace import Terraform


@pytest.fixture
def fake():
    server = Fake()
    server.url = server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def reattach():
    server = Reattach(Penstock, addresses=ADDRESSES)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.environment
    server.stop()
    thread.join()


@pytest.fixture
def terraform(tmp_path, fake, reattach):
    return Terraform(tmp_path, fake.url, TOKEN, reattach)
