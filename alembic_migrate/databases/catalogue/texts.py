"""What the text of a SQLite object says that no pragma tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPACE = re.compile(r"\s+")
_QUOTES = re.compile(r"[\"`\[\]]")
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|\w+|\S", re.DOTALL
)


def clauses(sql: str, keyword: str) -> Iterator[tuple[str | None, str]]:
    """Yield what stands in brackets behind a keyword in the text of a table: CHECK, UNIQUE.

    It comes with the constraint's name; None stands for one that has none.
    """
    found = [token for token in _TOKEN.finditer(sql) if not token[0].startswith(("--", "/*"))]
    words = [token[0] for token in found]
    for place, word in enumerate(words[:-1]):
        if word.upper() != keyword or words[place + 1] != "(":
            continue
        end = _closing(words, place + 1)
        named = place > 1 and words[place - 2].upper() == "CONSTRAINT"
        name = _QUOTES.sub("", words[place - 1]) if named else None
        yield name, plain(sql[found[place + 1].end() : found[end].start()])


def _closing(words: list[str], opening: int) -> int:
    depth = 0
    for place in range(opening, len(words)):
        depth += {"(": 1, ")": -1}.get(words[place], 0)
        if depth == 0:
            return place
    return len(words) - 1


def plain(sql: str) -> str:
    """Return SQL without the blanks and the quotes around names that mean nothing."""
    text = _SPACE.sub(" ", _QUOTES.sub("", sql)).strip()
    return re.sub(r"\s*([(),])\s*", r"\1", text)


def bare(default: str) -> str:
    """Return a default without brackets around all of it, which a copied table may have."""
    while default.startswith("(") and default.endswith(")") and _is_pair(default):
        default = default[1:-1].strip()
    return default


def _is_pair(text: str) -> bool:
    depth = 0
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0 and place < len(text) - 1:
            return False
    return True


def after_as(sql: str) -> str:
    """Return what follows the first AS: the query of a view."""
    return plain(re.split(r"\bAS\b", sql, maxsplit=1, flags=re.IGNORECASE)[-1])


def behind(sql: str, name: str) -> str:
    """Return a definition behind the name of what it defines."""
    after = re.split(rf"(?<!\w){re.escape(name)}(?!\w)", plain(sql), maxsplit=1)
    return after[-1].strip()
