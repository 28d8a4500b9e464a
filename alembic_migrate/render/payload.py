"""Results as JSON documents: one a command, errors included."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from alembic_migrate.errors import AlembicMigrateError, BasesFailed
from alembic_migrate.masking import mask, masked
from alembic_migrate.render.events import owner
from alembic_migrate.results import ConfigRow, as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.events import Event


def answer(command: str, results: Sequence[Any], key: str = "bases") -> dict[str, Any]:
    """Return a command's document: its name and its records, one a base."""
    return {"command": command, key: as_json(list(results))}


def configuration(rows: Sequence[ConfigRow]) -> dict[str, Any]:
    """Return the document of ``config show``: the keys of each base."""
    bases: dict[str, list[Any]] = {}
    for row in rows:
        values = as_json(row)
        bases.setdefault(values.pop("base"), []).append(values)
    listed = [{"base": base, "keys": keys} for base, keys in bases.items()]
    return {"command": "config show", "bases": listed}


def failure(error: AlembicMigrateError) -> dict[str, Any]:
    """Return an error's document; where several bases ran, with what happened to each of them."""
    document: dict[str, Any] = {"error": masked(as_json(error.as_dict()))}
    if isinstance(error, BasesFailed):
        document["bases"] = [
            {
                "base": each.base,
                **({"tenant": each.tenant} if each.tenant is not None else {}),
                "result": as_json(each.result),
                "error": masked(as_json(each.error)),
            }
            for each in error.outcomes
        ]
    return document


def event(happened: Event, *, named: bool = True) -> dict[str, Any]:
    """Return an event as a line of ``jsonl``.

    Args:
        happened: the event.
        named: whether the project's bases have names.
    """
    text = happened.message if happened.kind == "sql" else mask(happened.message)
    line = {"event": happened.kind, "message": text, "base": owner(happened, named=named)}
    return line if happened.tally is None else {**line, **dataclasses.asdict(happened.tally)}


def last(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as the last line of ``jsonl``."""
    return {"event": "result", **document}


def dump(document: Any, *, one_line: bool = False) -> str:
    """Return a document as JSON in plain ASCII, so that no terminal's encoding can break it."""
    return json.dumps(document, indent=None if one_line else 2)
