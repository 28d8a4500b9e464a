"""Python looks for garbage where there may be some: not in the code of a short run's libraries."""

from __future__ import annotations

import atexit
import gc
from contextlib import contextmanager, suppress
from io import BufferedIOBase, TextIOBase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# New objects after which Python looks for garbage, where its own number is 700 or 2,000.
_SELDOM = 20_000

# Alembic and SQLAlchemy make some 150,000 when they are imported, and all of them stay.
_IMPORTED = 200_000


@contextmanager
def looked_for_seldom() -> Iterator[None]:
    """Let Python look for garbage seldom meanwhile; who asked for less still gets less."""
    before = gc.get_threshold()
    _look_after(_SELDOM, before)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _look_after(number: int, wished: tuple[int, int, int]) -> None:
    gc.set_threshold(max(number, wished[0]) if wished[0] else 0, *wished[1:])


class _Libraries:
    """What is imported before any code of the project's, in a process of the command's own.

    To look for garbage in it takes a tenth of a short run while it is imported, and as much again
    when the process ends; what is found is only itself.
    """

    def __init__(self) -> None:
        self._wished: tuple[int, int, int] | None = None

    def are_to_stay(self) -> None:
        """Say that this process is the command's own, and that they are being imported."""
        self._wished = gc.get_threshold()
        _look_after(_IMPORTED, self._wished)
        atexit.register(self._end)

    def are_imported(self) -> None:
        """Look no more at what is there: what comes now is the project's."""
        if self._wished is not None:
            gc.freeze()
            gc.set_threshold(*self._wished)
            self._wished = None

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
