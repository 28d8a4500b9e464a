"""What a command's own process does without, although a library below it would import it.

Mako, which Alembic has for its templates, looks for Pygments to colour the pages of HTML on which
it can show errors. Nobody sees one here, and the lexers take a tenth of a command's memory.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_COLOURS, _WITHOUT = "mako.ext.pygmentplugin", "mako.exceptions"


@contextmanager
def left_out() -> Iterator[None]:
    """Let Mako do meanwhile as where Pygments is not installed; who else asks for it gets it."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder:
    """Says that there is no such module; as ``importlib.abc.MetaPathFinder`` has it."""

    @staticmethod
    def find_spec(
        name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return None, which leaves a module to the others, but for what is left out."""
        if name != _COLOURS or _asker() != _WITHOUT:
            return None
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _asker() -> str | None:
    """Return the name of the module whose import statement is being executed."""
    frame = sys._getframe(2)  # noqa: SLF001 - how inspect does it, but slowly
    while frame.f_back is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame.f_globals.get("__name__")
