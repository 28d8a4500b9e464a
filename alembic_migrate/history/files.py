"""The files of the versions folders: the same ones as Alembic's, in the same order."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    # Size, modification, change (nanoseconds) and number of the file; None where it is gone.
    State = tuple[int, int, int, int] | None

_CACHED = "__pycache__"


def listed(folders: Iterable[str], *, recursive: bool) -> dict[str, State]:
    """Return the revision files of some folders, each with its state, in Alembic's order.

    Args:
        folders: the versions folders; one that does not exist has no files.
        recursive: whether folders below count.

    Returns:
        the real path of each file: symbolic links are followed, as Alembic does it.
    """
    found: dict[str, State] = {}
    for folder in folders:
        for entry in _entries(os.path.realpath(folder), recursive=recursive):
            if not entry.is_symlink():
                if _is_revision(entry.name):
                    found.setdefault(entry.path, _state_of(entry))
                continue
            real = os.path.realpath(entry.path)
            if _is_revision(os.path.basename(real)):  # noqa: PTH119 - a Path a file is slow
                found.setdefault(real, state(real))
    return found


def state(path: str) -> State:
    """Return what changes when a file does."""
    try:
        return _numbers(os.stat(path))  # noqa: PTH116 - a Path a file is slow
    except OSError:
        return None


def _state_of(entry: os.DirEntry[str]) -> State:
    try:
        # On Windows an entry's own numbers lack some, and a call for each file makes up for it.
        return _numbers(entry.stat() if os.name != "nt" else os.stat(entry.path))  # noqa: PTH116
    except OSError:
        return None


def _numbers(found: os.stat_result) -> State:
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _is_revision(name: str) -> bool:
    """Tell whether a file's name is a revision's: no lock file of an editor, no ``__init__``."""
    return name.endswith(".py") and not name.startswith((".#", "__init__")) and "\n" not in name


def _entries(folder: str, *, recursive: bool) -> Iterator[os.DirEntry[str]]:
    """Yield the files below a folder, those of each folder by name and before its folders."""
    try:
        with os.scandir(folder) as found:
            here = list(found)
    except OSError:  # there is none, or it may not be read: no revisions for Alembic either
        return
    cached = folder.endswith(_CACHED)
    if not cached:
        here.sort(key=_name)
        yield from (entry for entry in here if not entry.is_dir())
    if recursive:
        for entry in here:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path, recursive=True)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name
