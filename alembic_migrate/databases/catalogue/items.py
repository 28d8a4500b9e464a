"""The records of a catalogue: one an object of a database, with facts as plain JSON values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# Kinds of objects that belong to a table; all others stand by themselves.
PARTS = frozenset({"column", "index", "constraint", "trigger", "policy", "rule"})

Key = tuple[str, str | None, str | None, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a database.

    Attributes:
        kind: ``table``, ``view``, ``sequence``, ``type``, ``function``, ``schema``, ``extension``,
            or a part of a table: ``column``, ``index``, ``constraint``, ``trigger``, ``policy``,
            ``rule``.
        schema: its schema; None is the connection's default one.
        table: the table that it is a part of, or None.
        name: its name.
        facts: all that makes it what it is, without its name: plain JSON values. Facts of one
            server's objects are equal where the objects are.
        generated: the server, or SQLAlchemy, may have chosen the name.
    """

    kind: str
    schema: str | None
    table: str | None
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    generated: bool = False

    @property
    def key(self) -> Key:
        """Return what no two objects of a database share."""
        return (self.kind, self.schema, self.table, self.name)

    @property
    def text(self) -> str:
        """Return what it is in words: ``column book.year``, ``index ix_year on book``."""
        owner = ".".join(filter(None, self.owner))
        if self.kind == "column":
            return f"column {owner}.{self.name}"
        if self.table is None:
            return f"{self.kind} {owner}"
        kind = str(self.facts["type"]) if self.kind == "constraint" else self.kind
        plain = self.kind == "constraint" and not kind.endswith("key")
        return f"{kind}{' constraint' if plain else ''} {self.name} on {owner}"

    @property
    def owner(self) -> tuple[str | None, str]:
        """Return the schema and the name of the table that this is, or is a part of."""
        return (self.schema, self.table if self.table is not None else self.name)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that a database holds, by key."""

    items: Mapping[Key, Item]

    def without(self, tables: frozenset[tuple[str | None, str]]) -> Catalogue:
        """Return a catalogue without some tables (schema and name) and their parts."""
        kept = {
            key: item
            for key, item in self.items.items()
            if not (item.owner in tables and (item.kind == "table" or item.kind in PARTS))
        }
        return Catalogue(kept)

    def without_named(self, tables: Collection[str]) -> Catalogue:
        """Return a catalogue without tables of these names, in whatever schema."""
        owners = {item.owner for item in self.items.values()}
        return self.without(frozenset(owner for owner in owners if owner[1] in tables))

    def of_kind(self, kind: str) -> tuple[Item, ...]:
        """Return the objects of one kind, sorted."""
        found = [item for item in self.items.values() if item.kind == kind]
        return tuple(
            sorted(found, key=lambda item: (item.schema or "", item.table or "", item.name))
        )
