"""How two catalogues differ: names that a server chose apart, each other difference as data."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

from alembic_migrate.databases.catalogue.items import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.databases.catalogue.items import Catalogue, Item, Key

Verb = Literal["add", "remove", "change", "rename"]

_ORDER = (
    "table",
    "column",
    "constraint",
    "index",
    "trigger",
    "policy",
    "rule",
    "view",
    "sequence",
    "type",
    "function",
    "extension",
    "schema",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference of a database from another.

    Attributes:
        verb: what leads from the first database to the second.
        item: the object: the second database's, or the first one's where it is not there.
        fact: what of it is different, where it is in both.
        before: that fact in the first database, or all facts where it is only there; for a
            ``rename`` the name.
        after: the same in the second database.
    """

    verb: Verb
    item: Item
    fact: str | None
    before: Any
    after: Any

    @property
    def change(self) -> str:
        """What is different in what both have: ``type of column book.n: TEXT -> INTEGER``."""
        if self.verb == "rename":
            return f"the name of {self.item.text}: {self.before} -> {self.after}"
        return f"{self.fact} of {self.item.text}: {_side(self.before)} -> {_side(self.after)}"

    @property
    def text(self) -> str:
        """The difference in words: ``add column book.year``."""
        if self.verb in {"add", "remove"}:
            return f"{self.verb} {self.item.text}"
        return f"change {self.change}"

    @property
    def data(self) -> dict[str, Any]:
        """The difference as plain JSON values."""
        item = self.item
        return {
            "difference": self.verb,
            "kind": item.kind,
            "schema": item.schema,
            "table": item.table,
            "name": item.name,
            "fact": self.fact,
            "from": self.before,
            "to": self.after,
        }


def compare(first: Catalogue, second: Catalogue) -> tuple[Difference, ...]:
    """Return what leads from one catalogue to another.

    Columns have no order, and a name that a server chose is no difference. The parts of a table
    that is in one of them alone are not told.
    """
    before, after = dict(first.items), dict(second.items)
    _take_out_generated(before, after)
    removed = {key: item for key, item in before.items() if key not in after}
    added = {key: item for key, item in after.items() if key not in before}
    found = [*_renamed(removed, added)]
    found += [Difference("remove", item, None, dict(item.facts), None) for item in removed.values()]
    found += [Difference("add", item, None, None, dict(item.facts)) for item in added.values()]
    for key in before.keys() & after.keys():
        found += _changed(before[key], after[key])
    whole = {item.owner for item in (*removed.values(), *added.values()) if item.kind == "table"}
    told = (one for one in found if not (one.item.kind in PARTS and one.item.owner in whole))
    return tuple(sorted(told, key=_place))


def _take_out_generated(before: dict[Key, Item], after: dict[Key, Item]) -> None:
    """Take out what is the same on both sides under whatever names a server gave it."""
    generated = defaultdict(list)
    for new in after.values():
        if new.generated:
            generated[new.owner].append(new)
    for old in [item for item in before.values() if item.generated]:
        twins = [new for new in generated[old.owner] if _is_same(old, new)]
        if twins:
            # Its namesake where there is one: the others may be somebody else's twins.
            twin = next((new for new in twins if new.name == old.name), twins[0])
            generated[old.owner].remove(twin)
            del before[old.key], after[twin.key]


def _renamed(removed: dict[Key, Item], added: dict[Key, Item]) -> Iterator[Difference]:
    """Take out what is only called otherwise; yield it where somebody chose the names."""
    for old, new in product(list(removed.values()), list(added.values())):
        if old.key not in removed or new.key not in added or not _is_same(old, new):
            continue
        del removed[old.key], added[new.key]
        # An index that a server named after a column keeps that name when the column is renamed.
        if not (old.kind == "index" and (old.generated or new.generated)):
            yield Difference("rename", new, "name", old.name, new.name)


def _is_same(old: Item, new: Item) -> bool:
    alike = old.kind in {"index", "constraint"} and old.kind == new.kind
    return alike and old.owner == new.owner and old.facts == new.facts


def _changed(before: Item, after: Item) -> Iterator[Difference]:
    for fact in dict.fromkeys([*before.facts, *after.facts]):
        old, new = before.facts.get(fact), after.facts.get(fact)
        if old != new:
            yield Difference("change", after, fact, old, new)


def _place(one: Difference) -> tuple[Any, ...]:
    schema, table = one.item.owner
    return (
        schema or "",
        table,
        _ORDER.index(one.item.kind),
        one.item.name,
        one.verb,
        one.fact or "",
    )


def _side(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
