"""The first thing that runs when the provider is one file (see `package.py`).

Python compiles what it reads out of an archive anew at each start, and Terraform starts a provider
several times a command. So the first start unpacks the archive into a folder of this user, where
compiled code is kept; where it cannot, the provider runs out of the archive.

Pythons that are too old read this file too: nothing here is newer than Python 3.4.
"""

import os
import stat
import sys

OLDEST = (3, 11)
_NEWER = ("python3.15", "python3.14", "python3.13", "python3.12", "python3.11")
DIGEST = ""
NAMES = ()
"""The archive's content and what stands for it; `package.py` fills them in."""


def start(archive: str) -> None:
    """Runs the provider that is in `archive`, and ends the process."""
    if sys.version_info[:2] < OLDEST:
        _start_newer(archive)
    folder = unpacked(archive, _caches())
    if folder is not None:
        sys.path[0] = folder
    from penstock_provider.__main__ import main  # noqa: PLC0415 - found only now

    sys.exit(main())


def unpacked(archive: str, caches: str) -> "str | None":
    """The folder below `caches` with the archive's content; None when there can be none.

    A folder that somebody else could have written to is not trusted. One in which files are
    missing, because somebody has tidied up, is made anew.
    """
    own = os.path.join(caches, "penstock-provider")
    folder = os.path.join(own, DIGEST)
    try:
        os.makedirs(own, 0o700, exist_ok=True)
        if not _is_ours(own) or (os.path.lexists(folder) and not _is_ours(folder)):
            return None
        if not _is_whole(folder):
            _unpack(archive, own, folder)
    except (OSError, ValueError):
        return None
    return folder


def _is_whole(folder: str) -> bool:
    return all(os.path.isfile(os.path.join(folder, name)) for name in NAMES)


def _is_ours(path: str) -> bool:
    found = os.lstat(path)
    is_private = not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and is_private


def _unpack(archive: str, own: str, folder: str) -> None:
    import shutil  # noqa: PLC0415 - only the first start needs them
    import tempfile  # noqa: PLC0415 - as above
    import zipfile  # noqa: PLC0415 - as above

    aside = tempfile.mkdtemp(dir=own)
    arriving = os.path.join(aside, "new")
    try:
        os.mkdir(arriving, 0o700)
        with zipfile.ZipFile(archive) as content:
            content.extractall(arriving)
        if os.path.isdir(folder) and not _is_whole(folder):
            os.rename(folder, os.path.join(aside, "old"))
        # Whole or not at all. When another start was first, its folder stays.
        os.rename(arriving, folder)
    except OSError:
        if not _is_whole(folder):
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _caches() -> str:
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):
        return given
    below = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return os.path.join(os.path.expanduser("~"), below)


def _start_newer(archive: str) -> None:
    """Becomes a newer Python when PATH has one; else ends with a sentence."""
    import subprocess  # noqa: PLC0415 - only here

    wanted = ".".join(map(str, OLDEST))
    check = "import sys; sys.exit(sys.version_info[:2] < {!r})".format(OLDEST)
    folders = os.environ.get("PATH", "").split(os.pathsep)
    if not os.environ.get("PENSTOCK_PYTHON"):
        for path in (os.path.join(each, name) for name in _NEWER for each in folders if each):
            # A file of that name may be a stand-in that has no Python to start.
            if os.access(path, os.X_OK) and not subprocess.call([path, "-I", "-S", "-c", check]):
                os.execv(path, [path, "-I", "-S", archive, *sys.argv[1:]])  # noqa: S606 - a checked path
    sys.stderr.write(
        "The Penstock provider needs Python " + wanted + " or newer; this is "
        "" + sys.version.split()[0] + " (" + sys.executable + "). Install a newer one, or name it "
        "in PENSTOCK_PYTHON.\n"
    )
    sys.exit(1)


if __name__ == "__main__":
    start(sys.argv[0])
