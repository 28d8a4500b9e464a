"""Python looks for garbage where there may be some: not in the code of a short run's libraries."""

from __future__ import annotations

import atexit
import gc
from contextlib import contextmanager, suppress
from io import BufferedIOBase, TextIOBase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# New objects after which Python looks for garbage. To import Alembic and SQLAlchemy makes 150,000
# that stay: with Python's own number a tenth of a short run is spent on looking at them.
_SELDOM = 200_000


@contextmanager
def looked_for_seldom() -> Iterator[None]:
    """Let Python look for garbage seldom meanwhile; who asked for less still gets less."""
    before = gc.get_threshold()
    gc.set_threshold(max(_SELDOM, before[0]) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Libraries:
    """What has been imported before any code of the project's, in a process of the command's own.

    To look for garbage in it when the process ends takes a tenth of a run, and finds only itself.
    """

    def __init__(self) -> None:
        self._theirs = False

    def are_to_stay(self) -> None:
        """Say that this process is the command's own."""
        self._theirs = True
        atexit.register(self._end)

    def are_imported(self) -> None:
        """Look no more at what is there: what comes now is the project's."""
        if self._theirs:
            self._theirs = False
            gc.freeze()

    def _end(self) -> None:
        """Flush files that were left open: what is not looked at might refer to them."""
        self.are_imported()
        everything = gc.get_objects()
        kinds = {type(each) for each in everything}
        files = {kind for kind in kinds if issubclass(kind, (BufferedIOBase, TextIOBase))}
        for file in [each for each in everything if type(each) in files]:
            with suppress(Exception):
                file.flush()


libraries = _Libraries()
