"""SQL as words: enough to tell statements and their parts from what stands in quotes."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Comments, then what is quoted, then words, then single characters.
_COMMON = (
    r"(?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))",
    r"(?P<dollar>\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z))",
    r"(?P<quoted>\"(?:[^\"]|\"\")*(?:\"|\Z)|`(?:[^`]|``)*(?:`|\Z))",
    r"(?P<number>\d+(?:\.\d+)?)",
    r"(?P<word>[^\W\d][\w$]*)",
    r"(?P<mark>::|.)",
)
_PLAIN_STRING = r"(?P<string>'(?:[^']|'')*(?:'|\Z))"
_ESCAPING_STRING = r"(?P<string>'(?:[^'\\]|''|\\.)*(?:'|\Z))"
_ESCAPED_STRING = r"(?P<escaped>[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z))"
_HASH = r"(?P<hash>#[^\n]*)"


def _compiled(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join((*parts, *_COMMON)), re.DOTALL)


_STANDARD = _compiled(_ESCAPED_STRING, _PLAIN_STRING)
_MYSQL = _compiled(_ESCAPING_STRING, _HASH)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, name, string, number or mark of a statement.

    Attributes:
        text: as it is written.
        start: where it begins in the statement.
        depth: how many parentheses it is in; a parenthesis itself stands outside of its own.
        quoted: it is a quoted name.
        literal: it is a string or a number.
    """

    text: str
    start: int
    depth: int
    quoted: bool = False
    literal: bool = False

    @property
    def end(self) -> int:
        """Return where it ends in the statement."""
        return self.start + len(self.text)

    @property
    def keyword(self) -> str:
        """Return it in capitals, or nothing where it is in quotes."""
        return "" if self.quoted or self.literal else self.text.upper()

    @property
    def name(self) -> str:
        """Return the name that it is, without its quotes."""
        if not self.quoted:
            return self.text
        closing = self.text[-1]
        return self.text[1:-1].replace(closing * 2, closing)


def tokens(sql: str, dialect: str) -> Iterator[Token]:
    """Yield the tokens of an SQL text, without its comments.

    Args:
        sql: one statement or several.
        dialect: SQLAlchemy's name; in MySQL's a backslash escapes and ``#`` begins a comment.
    """
    depth = 0
    pattern = _MYSQL if dialect in {"mysql", "mariadb"} else _STANDARD
    for match in pattern.finditer(sql):
        kind, text = match.lastgroup, match[0]
        if match["space"] is not None or kind == "hash":
            continue
        if text == ")":
            depth = max(depth - 1, 0)
        quoted = match["quoted"] is not None
        literal = kind in {"string", "escaped", "number"} or match["dollar"] is not None
        yield Token(text, match.start(), depth, quoted, literal)
        if text == "(":
            depth += 1


def split(sql: str, dialect: str) -> Iterator[tuple[str, list[Token]]]:
    """Yield each statement of an SQL text with its tokens, without its semicolon."""
    found: list[Token] = []
    for token in tokens(sql, dialect):
        if token.text == ";" and not token.literal and not _in_body(found):
            yield from _statement(sql, found)
            found = []
        else:
            found.append(token)
    yield from _statement(sql, found)


def _statement(sql: str, found: list[Token]) -> Iterator[tuple[str, list[Token]]]:
    if found:
        start = found[0].start
        moved = [Token(t.text, t.start - start, t.depth, t.quoted, t.literal) for t in found]
        yield sql[start : found[-1].end], moved


def _in_body(found: list[Token]) -> bool:
    """Tell whether a semicolon after these tokens belongs to the body of a trigger or routine."""
    words = [token.keyword for token in found]
    if words[:1] != ["CREATE"] or "BEGIN" not in words:
        return False
    opened = words.count("BEGIN") + words.count("CASE")
    for before, word in itertools.pairwise([*words, ";"]):
        if before == "END":
            opened -= word not in {"IF", "LOOP", "WHILE", "REPEAT"}
            opened -= word == "CASE"
    return opened > 0
