"""Folders of files that are classes, in a directory and in an archive."""

from __future__ import annotations

import sys
import zipfile

import pytest

from penstock_provider.framework.folder import Folder

FILES = {
    "things/__init__.py": "",
    "things/one.py": "from things.base import Base\nclass One(Base): pass\n",
    "things/two.py": "from things.base import Base\nfrom things.one import One\nclass Two(Base): pass\n",
    "things/base.py": "class Base: pass\n",
    "things/none.py": "import sys\n",
}


@pytest.fixture(params=["directory", "archive"])
def base(request, tmp_path, monkeypatch):
    """`things` in a directory or a zip, and its class `Base`."""
    root = tmp_path / "things.zip"
    if request.param == "archive":
        with zipfile.ZipFile(root, "w") as archive:
            for name, text in FILES.items():
                archive.writestr(name, text)
    else:
        for name, text in FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    monkeypatch.syspath_prepend(str(root))
    from things.base import Base

    yield Base
    for name in [name for name in sys.modules if name.partition(".")[0] == "things"]:
        del sys.modules[name]


def test_files_are_imported_when_they_are_needed(base):
    found = Folder("things", base, prefix="x_")
    assert list(found) == ["x_base", "x_none", "x_one", "x_two"]
    assert len(found) == 4
    assert "x_one" in found
    assert "x_three" not in found
    assert "things.two" not in sys.modules
    assert found["x_two"].__name__ == "Two"
    assert found["x_two"] is found.get("x_two")
    assert found.get("x_three") is None
    with pytest.raises(TypeError, match=r"things\.none has 0 classes of Base"):
        found["x_none"]
