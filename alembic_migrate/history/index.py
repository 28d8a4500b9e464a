"""What revision files say, kept in the user's cache folder so that each is read once.

An index is a hint: every file is still looked at (size, times, number), and an index that is old,
damaged or somebody else's is as good as none. marshal reads 10,000 headers three times as fast as
JSON does; it trusts what it reads, so a checksum stands in front, and only a file that this user
owns counts.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import time
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alembic_migrate.history.files import State

    # What a file says, without its path; None where it must be imported to know.
    Said = tuple[Any, ...] | None
    Entries = dict[str, tuple[State, Said]]

_MAGIC = b"alembic-migrate history 2\n"
_SUM = 4  # bytes of the checksum
_RACY = 2_000_000_000  # nanoseconds: two writes so close may leave the same time on a file


class Index:
    """The index of some versions folders.

    Args:
        folders: the versions folders.
        recursive: whether folders below count.
    """

    def __init__(self, folders: Sequence[str], *, recursive: bool) -> None:
        self._began = time.time_ns()
        # A docstring is not the same for every Python.
        self._key = (sys.implementation.cache_tag, recursive, tuple(map(os.path.abspath, folders)))
        self._path = _path(self._key)
        self._kept: Entries = {}

    def read(self) -> Entries:
        """Return what is known of each file; nothing where there is no index to be trusted."""
        content = _own(self._path) if self._path is not None else b""
        start = len(_MAGIC) + _SUM
        data = memoryview(content)[start:]
        if content[:start] != _MAGIC + _checksum(data):
            return {}
        try:
            key, entries = marshal.loads(data)  # noqa: S302 - see above
        except (EOFError, TypeError, ValueError):
            return {}
        if key == self._key and isinstance(entries, dict):
            self._kept = entries
        return self._kept

    def write(self, entries: Mapping[str, tuple[State, Said]]) -> None:
        """Keep what is known of each file, where that is news; where it cannot be, nothing happens.

        A file that was changed a moment ago is left out: it may be changed again without a trace.
        """
        if self._path is None:
            return
        limit = self._began - _RACY
        settled = {
            path: (state, said)
            for path, (state, said) in entries.items()
            if state is not None and max(state[1], state[2]) < limit
        }
        if settled == self._kept:
            return
        data = marshal.dumps((self._key, settled), 4)
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
            _replace(self._path, _MAGIC + _checksum(data) + data)


def _checksum(data: bytes | memoryview) -> bytes:
    return zlib.crc32(data).to_bytes(_SUM, "big")


def _own(path: str) -> bytes:
    """Return the content of a file of this user's; nothing where there is none."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib would read it buffered
            if hasattr(os, "getuid") and os.fstat(file.fileno()).st_uid != os.getuid():
                return b""
            return file.readall()
    except OSError:
        return b""


def _replace(path: str, content: bytes) -> None:
    """Write a file in one go: who reads it meanwhile sees the old one or the new one, whole."""
    draft = f"{path}.{os.getpid()}.{time.monotonic_ns()}"
    try:
        with open(draft, "xb") as file:  # noqa: PTH123
            file.write(content)
        os.replace(draft, path)  # noqa: PTH105
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(draft)  # noqa: PTH108
        raise


def _path(key: tuple[Any, ...]) -> str | None:
    """Return where the index of some folders is; None where there is no place for it."""
    for folder in _cache_folders():
        if os.path.isabs(folder):  # noqa: PTH117
            number = zlib.crc32(repr(key).encode("utf-8", "surrogatepass"))
            return os.path.join(folder, "alembic-migrate", "history", f"{number:08x}")  # noqa: PTH118
    return None


def _cache_folders() -> Iterator[str]:
    """Yield where this user's caches may be, the best place first."""
    yield os.environ.get("XDG_CACHE_HOME", "")
    if os.name == "nt":
        yield os.environ.get("LOCALAPPDATA", "")
    home = os.path.expanduser("~")  # noqa: PTH111 - it is no error where there is none
    yield os.path.join(home, *(("Library", "Caches") if sys.platform == "darwin" else (".cache",)))  # noqa: PTH118
