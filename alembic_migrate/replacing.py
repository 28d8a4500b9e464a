"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Give a file a new content in one step; until then it has its old one, or is not there.

    Args:
        path: the file; a symbolic link stays one. Its folder has to be there.
        content: what is in it afterwards.

    Raises:
        OSError: it cannot be written; the old file is as it was, and nothing else is left.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(target.stat().st_mode & 0o7777 if target.exists() else new_mode())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def new_mode() -> int:
    """Return the rights that a new file gets, which ``mkstemp`` does not give."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
