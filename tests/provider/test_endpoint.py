"""The provider's socket: made of the C parts, and of the public modules where those differ."""

from __future__ import annotations

import importlib.util
import socket
import stat
import sys
import types
from pathlib import Path

import pytest

from penstock_provider.framework import endpoint


@pytest.fixture(params=["native", "public"])
def module(request, monkeypatch):
    """`endpoint` as it is, and as it would be with another `_socket`."""
    if request.param == "native":
        assert endpoint.socket.__module__ == "_socket"
        return endpoint
    monkeypatch.setitem(sys.modules, "_socket", types.ModuleType("_socket"))
    spec = importlib.util.find_spec("penstock_provider.framework.endpoint")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.socket is socket.socket
    return made


def test_a_connection_in_a_private_directory(module, tmp_path):
    directory = module.private_directory(str(tmp_path))
    assert stat.S_IMODE(Path(directory).stat().st_mode) == 0o700
    listener, path = module.listen(directory)
    listener.settimeout(5)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        accepted = module.accept(listener)
        accepted.settimeout(0)
        with pytest.raises(BlockingIOError):
            accepted.recv(10)
        client.sendall(b"hello")
        accepted.settimeout(5)
        assert accepted.recv(10) == b"hello"
        assert accepted.send(memoryview(b"bye")) == 3
        assert client.recv(10) == b"bye"
        accepted.close()
    listener.close()
    module.remove_directory(directory)
    assert list(tmp_path.iterdir()) == []
    module.remove_directory(directory)


def test_a_folder_with_a_long_path_is_no_place_for_a_socket(module, tmp_path):
    long = tmp_path / ("a" * 90)
    long.mkdir()
    directory = module.private_directory(str(long))
    listener, path = module.listen(directory)
    listener.close()
    assert len(path) < 104
    assert stat.S_IMODE(Path(directory).stat().st_mode) == 0o700
    module.remove_directory(directory)
    assert not Path(directory).exists()
    assert list(long.iterdir()) == []
