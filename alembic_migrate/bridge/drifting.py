"""What was changed in a database by hand: its catalogue held against its history's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic_migrate.bridge.changes import data_of
from alembic_migrate.bridge.environment import (
    Environment,
    Request,
    active_environment,
    run_environment,
    version_table_of,
)
from alembic_migrate.bridge.filtering import filtered
from alembic_migrate.bridge.progress import Progress
from alembic_migrate.bridge.state import check_heads
from alembic_migrate.databases.catalogue.comparing import Difference, compare
from alembic_migrate.databases.catalogue.items import PARTS, Catalogue, Item
from alembic_migrate.databases.catalogue.reading import read_catalogue
from alembic_migrate.results import Change

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target


@dataclass(frozen=True)
class Look:
    """What a look at a database found.

    Attributes:
        environment: the one that was run.
        heads: ids in the version table.
        catalogue: what the database holds of this base's, or of nobody's.
        schemas: whether other schemas than the default one are the base's to look at.
    """

    environment: Environment
    heads: tuple[str, ...]
    catalogue: Catalogue
    schemas: bool


def look(target: Target, scripts: Scripts, report: Report) -> Look:
    """Read where a database is and what it holds, through the target's environment.

    Raises:
        AlembicMigrateError: it cannot be read, or its version table cannot be right.
    """
    found: list[tuple[tuple[str, ...], Catalogue, bool]] = []

    def work(heads: Any, migration: MigrationContext) -> list[Any]:
        check_heads(target, scripts, heads, version_table_of(migration))
        environment = active_environment()
        assert environment is not None
        assert migration.connection is not None
        catalogue = _without(read_catalogue(migration.connection), target.own_tables)
        hook, models = environment.ownership.own, environment.ownership.metadata
        kept = filtered(catalogue, migration, hook, models)
        found.append((tuple(heads), kept, bool(migration.opts.get("include_schemas"))))
        return []

    with Progress(target, scripts, report).explained():
        ran = run_environment(target, scripts, Request("check", work, report, reading=True))
    heads, catalogue, schemas = found[0]
    return Look(ran, heads, catalogue, schemas)


def _without(catalogue: Catalogue, tables: frozenset[str]) -> Catalogue:
    """Return a catalogue without tables of these names, in whatever schema."""
    owners = {item.owner for item in catalogue.items.values()}
    return catalogue.without(frozenset(owner for owner in owners if owner[1] in tables))


@dataclass(frozen=True)
class Drift:
    """What was changed in a database by hand.

    Attributes:
        changes: what is not as the history makes it.
        tables: tables that no revision makes and no model knows.
        others: other objects that the history does not make, as in ``view titles``.
    """

    changes: tuple[Change, ...]
    tables: tuple[str, ...]
    others: tuple[str, ...]


def drift(history: Look, database: Look) -> Drift:
    """Return what was changed in a database, and what in it is nobody's that this base knows.

    Args:
        history: a look at a scratch database, where the history was replayed as far.
        database: a look at the real one.
    """
    changes: list[Change] = []
    tables: list[str] = []
    others: list[str] = []
    schemas = {item.schema for item in history.catalogue.items.values()} | {None}
    for difference in compare(history.catalogue, database.catalogue):
        item = difference.item
        if difference.verb != "add" or item.kind in PARTS or _is_ours(item, database.environment):
            changes.append(_change(difference))
        elif not database.schemas and item.schema not in schemas:
            continue
        elif item.kind == "table":
            tables.append(_shown(item))
        else:
            others.append(f"{item.kind} {_shown(item)}")
    return Drift(tuple(changes), tuple(sorted(tables)), tuple(sorted(others)))


def _is_ours(item: Item, environment: Environment) -> bool:
    if item.kind != "table":
        return False
    all_ours = bool(environment.target.config["drop_unowned"])
    return all_ours or environment.ownership.knows(item.name, item.schema)


def _change(difference: Difference) -> Change:
    item, fact = difference.item, difference.fact
    what = _described(item)
    data = data_of(
        schema=item.schema,
        table=item.name if item.kind == "table" else item.table,
        **{item.kind: item.name} if item.kind in {"column", "index", "constraint"} else {},
        before=difference.before,
        after=difference.after,
    )
    data["name"] = item.name
    table = ".".join(filter(None, item.owner)) if item.kind == "table" or item.table else None
    if difference.verb == "change":
        shown = f"{_side(difference.before)} -> {_side(difference.after)}"
        kind = f"modify_{str(fact).replace(' ', '_')}"
        return Change(kind, f"{fact} of {what} was changed: {shown}", table, data)
    if difference.verb == "rename":
        text = f"{what} was renamed: {difference.before} -> {difference.after}"
        return Change(f"rename_{item.kind}", text, table, data)
    done = {"add": "added", "remove": "removed"}[difference.verb]
    return Change(f"{difference.verb}_{item.kind}", f"{what} was {done}", table, data)


def _described(item: Item) -> str:
    """Return an object in words: ``column book.year``, ``index ix_year on book``."""
    if item.kind == "column":
        return f"column {'.'.join(filter(None, item.owner))}.{item.name}"
    if item.table is None:
        return f"{item.kind} {_shown(item)}"
    noun = item.facts["type"] if item.kind == "constraint" else item.kind
    noun = (
        noun
        if noun in {"primary key", "foreign key"} or item.kind != "constraint"
        else (f"{noun} constraint")
    )
    return f"{noun} {item.name} on {'.'.join(filter(None, item.owner))}"


def _shown(item: Item) -> str:
    return f"{item.schema}.{item.name}" if item.schema else item.name


def _side(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return " ".join(str(value).split())
