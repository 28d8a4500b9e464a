"""What the shell offers for names of bases and for revisions.

Completion runs at every press of a key, so it reads files and imports neither the user's code nor
pydantic, SQLAlchemy or Alembic. Whatever is wrong gives no completions and no message.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click
    from click.shell_completion import CompletionItem

_WORDS = {"head": "the last revision", "heads": "every head", "base": "before the first revision"}


def bases(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the configured names that begin as the word does; after a comma, a further one."""
    del param
    front, comma, last = incomplete.rpartition(",")
    names = _quietly(lambda: list(_configuration(ctx).names))
    return _items((f"{front}{comma}{name}", "") for name in names if name.startswith(last))


def revisions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the words that stand for a place and the ids of the base's folder."""
    del param
    found = [*_WORDS.items(), *_quietly(lambda: _revisions(ctx))]
    return _items(each for each in found if each[0].startswith(incomplete))


def _items(found: Iterable[tuple[str, str]]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for the shell

    return [CompletionItem(value, help=text or None) for value, text in found]


def _quietly(read: Any) -> list[Any]:
    try:
        return list(read())
    except Exception:  # noqa: BLE001 - a message in the middle of the user's line helps nobody
        return []


def _typed(ctx: click.Context, name: str) -> Any:
    """Return what was typed for an option of every command, after the command or before it."""
    level: click.Context | None = ctx
    while level is not None:
        if level.params.get(name):
            return level.params[name]
        level = level.parent
    return None


def _configuration(ctx: click.Context) -> Any:
    from alembic_migrate.config.load import load  # noqa: PLC0415 - only for the shell

    start, file = _typed(ctx, "project"), _typed(ctx, "config")
    return load(start=Path(start) if start else None, file=Path(file) if file else None)


def _revisions(ctx: click.Context) -> list[tuple[str, str]]:
    """Return id and message of each revision of the base that was typed, of the default or first.

    Revision files that would have to be run to know what they say are left out.
    """
    from alembic_migrate.history.scanning import scan  # noqa: PLC0415 - only for the shell

    configuration = _configuration(ctx)
    words = (*(_typed(ctx, "base") or ()), configuration.default or configuration.names[0])
    base = configuration.base(configuration.choose(words[:1])[0])
    typed = _typed(ctx, "directory")
    folders = base["version_locations"] or [Path(typed or base["directory"], "versions")]
    headers, _ = scan(
        [os.path.abspath(folder) for folder in folders],  # noqa: PTH100 - links stay links
        recursive=base["recursive_version_locations"],
        indexed=base["history_index"],
    )
    return [(each.revision, each.doc.partition("\n\n")[0]) for each in headers]
