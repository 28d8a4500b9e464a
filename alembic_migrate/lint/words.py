"""A cursor over the tokens of one statement."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypedDict

from alembic_migrate.lint.operations import Column

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from alembic_migrate.lint.sqltext import Token


class TableName(TypedDict):
    """A table as the fields of an operation."""

    table: str | None
    schema: str | None


class Words:
    """Reads tokens from the left; at the end every answer is empty.

    Args:
        tokens: what is to be read.
        text: the statement that they were taken from.
    """

    def __init__(self, tokens: list[Token], text: str) -> None:
        self.tokens = tokens
        self.text = text
        self.at = 0

    def peek(self) -> str:
        """Return the next keyword or mark in capitals; nothing for a quoted name or a string."""
        return self.tokens[self.at].keyword if self.at < len(self.tokens) else ""

    def next(self) -> str:
        """Return the next keyword or mark in capitals and go behind it."""
        word = self.peek()
        self.at += 1
        return word

    def take(self, *keywords: str) -> bool:
        """Go behind these words where they are what comes next, and tell whether they are."""
        coming = [token.keyword for token in self.tokens[self.at : self.at + len(keywords)]]
        if coming != list(keywords):
            return False
        self.at += len(keywords)
        return True

    def take_any(self, *keywords: str) -> str:
        """Go behind the next word where it is one of these, and return it, or nothing."""
        return self.next() if self.peek() in keywords else ""

    def skip_to(self, keyword: str) -> bool:
        """Go behind the next such word outside of further parentheses, or to the end."""
        depth = self.depth
        for index in range(self.at, len(self.tokens)):
            token = self.tokens[index]
            if token.keyword == keyword and token.depth <= depth:
                self.at = index + 1
                return True
        self.at = len(self.tokens)
        return False

    @property
    def depth(self) -> int:
        """Return how many parentheses the next token is in."""
        return self.tokens[self.at].depth if self.at < len(self.tokens) else 0

    def name(self) -> str | None:
        """Return the next name without its quotes and go behind it; None at the end."""
        if self.at >= len(self.tokens):
            return None
        token = self.tokens[self.at]
        self.at += 1
        return token.name

    def table(self) -> TableName:
        """Return the next name, and the schema in front of it."""
        table, schema = self.name(), None
        while self.take("."):
            schema, table = table, self.name()
        return {"table": table, "schema": schema}

    def tables(self) -> Iterator[TableName]:
        """Yield names with commas between them."""
        yield self.table()
        while self.take(","):
            yield self.table()

    def columns(self) -> tuple[Column, ...]:
        """Return what stands between commas up to a closing parenthesis, as columns."""
        inside = [Words(part, self.text) for part in self._parts(self._inside())]
        return tuple(Column(_bare(part)) for part in inside if part.tokens)

    def assigned(self) -> tuple[Column, ...]:
        """Return the columns on the left of a SET's assignments."""
        found: list[Column] = []
        depth = self.depth
        rest = self.tokens[self.at :]
        for left, mark in itertools.pairwise(rest):
            if left.keyword == "WHERE" and left.depth == depth:
                break
            if mark.text == "=" and mark.depth == depth:
                found.append(Column(left.name))
        return tuple(found)

    def actions(self) -> Iterator[Words]:
        """Yield what stands between the commas of the rest."""
        for part in self._parts(self.tokens[self.at :]):
            yield Words(part, self.text)

    def verbs(self, verbs: Collection[str]) -> Iterator[Words]:
        """Yield the rest from each of these words on, the last word of a statement first."""
        found = [
            index
            for index, token in enumerate(self.tokens)
            if token.keyword in verbs and self._begins(index)
        ]
        for index in sorted(found, key=lambda index: self.tokens[index].depth):
            depth = self.tokens[index].depth
            end = next(
                (i for i in range(index, len(self.tokens)) if self.tokens[i].depth < depth),
                len(self.tokens),
            )
            yield Words(self.tokens[index:end], self.text)

    def written(self, start: int, end: int | None = None) -> str:
        """Return the text of the tokens from one index up to another."""
        part = self.tokens[start:end]
        return self.text[part[0].start : part[-1].end] if part else ""

    def _begins(self, index: int) -> bool:
        before = self.tokens[index - 1]
        return before.text in {"(", ")"}

    def _inside(self) -> list[Token]:
        depth = self.depth
        found = self.tokens[self.at :]
        for index, token in enumerate(found):
            if token.text == ")" and token.depth < depth and not token.literal:
                return found[:index]
        return found

    def _parts(self, tokens: list[Token]) -> Iterator[list[Token]]:
        depth = tokens[0].depth if tokens else 0
        part: list[Token] = []
        for token in tokens:
            if token.text == "," and token.depth == depth:
                yield part
                part = []
            else:
                part.append(token)
        yield part


def _bare(part: Words) -> str:
    """Return a column's name, or the expression that stands in its place."""
    first, *rest = part.tokens
    called = any(token.text == "(" for token in rest)
    return part.written(0) if called or first.text == "(" else first.name
