"""revision, migrate, merge, edit: what writes revision files."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate.bridge import autogenerate, merging, reading
from alembic_migrate.commands.each import each, is_symbol, one
from alembic_migrate.config.base import is_packaged
from alembic_migrate.errors import UsageError
from alembic_migrate.targets.tenants import expand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.bridge.autogenerate import NewRevision
    from alembic_migrate.events import Report
    from alembic_migrate.results import Written
    from alembic_migrate.targets import Target


def revision(targets: Sequence[Target], new: NewRevision, report: Report) -> tuple[Written, ...]:
    """Write a new revision file for each base.

    Raises:
        UsageError: an id, a parent or a path for several bases at once.
        AlembicMigrateError: as ``each``.
    """
    for value, what in (
        (new.rev_id, "--rev-id"),
        (new.version_path, "--version-path"),
        (new.branch_label, "--branch-label"),
        (" ".join(new.depends_on), "--depends-on"),
        ("" if is_symbol(new.head) else new.head, "--head"),
    ):
        if value:
            one(targets, f"{what} {value}")
    if new.version_path:
        new = replace(new, version_path=str(Path(new.version_path).absolute()))
    return each(targets, lambda t: _write(t, new, report), keep_going=False)


def compared(targets: Sequence[Target], patterns: Sequence[str]) -> tuple[Target, ...]:
    """Return what the models are compared with: of a base with tenants the one that was named.

    Raises:
        UsageError: none was named, or several were.
    """
    chosen: list[Target] = []
    for target in targets:
        if target.config["tenants"] is None:
            chosen.append(target)
            continue
        meant = expand(target, patterns) if patterns else ()
        if len(meant) != 1:
            several = f", and {len(meant)} are chosen" if meant else ""
            raise UsageError(
                f"{target.prefix}the models are compared with one tenant{several}",
                hint="name one: --tenant NAME\nor compare with the history alone: --scratch",
            )
        chosen.extend(meant)
    return tuple(chosen)


def _write(target: Target, new: NewRevision, report: Report) -> Written:
    refuse_packaged(target)
    return autogenerate.write_revision(target, new, report)


def merge(
    targets: Sequence[Target], revisions: Sequence[str], new: NewRevision, report: Report
) -> tuple[Written, ...]:
    """Write a revision that joins heads, or the revisions named, for each base.

    Raises:
        AlembicMigrateError: as ``each``.
    """
    for one_revision in revisions:
        if not is_symbol(one_revision):
            one(targets, f"the revision {one_revision}")
    if new.rev_id:
        one(targets, f"--rev-id {new.rev_id}")

    def work(target: Target) -> Written:
        refuse_packaged(target)
        return merging.merge(target, revisions, new, report)

    return each(targets, work, keep_going=False)


def refuse_packaged(target: Target) -> None:
    """Refuse to write into a folder that an installed package ships.

    Raises:
        UsageError: it is one.
    """
    inside = {"site-packages", "dist-packages"} & set(target.folder.parts)
    if is_packaged(target.config["directory"]) and inside:
        raise UsageError(
            f"{target.prefix}the folder {target.folder} belongs to an installed package and "
            "is not written to",
            hint="name a folder of this project: --directory migrations, or directory = "
            '"migrations"',
        )


def edit(targets: Sequence[Target], revision: str, report: Report) -> tuple[Path, ...]:
    """Open revision files in the user's editor and return them.

    Raises:
        UsageError: no editor is configured or found, or it ends with an error.
        RevisionNotFound: the symbol names no file.
    """
    one(targets, "edit")
    paths = each(targets, lambda t: reading.paths(t, revision, report), keep_going=False)[0]
    command = _editor()
    for path in paths:
        try:
            # No shell; the editor's own arguments are the user's.
            done = subprocess.run([*command, str(path)], check=False)
        except OSError as error:
            raise UsageError(
                f"the editor {shlex.join(command)} cannot be run: {error.strerror}",
                hint='set EDITOR, for example: export EDITOR="code -w"',
            ) from None
        if done.returncode:
            raise UsageError(
                f"the editor {shlex.join(command)} ended with status {done.returncode}",
                hint='set EDITOR, for example: export EDITOR="code -w"',
            )
    return paths


def _editor() -> list[str]:
    for variable in ("EDITOR", "VISUAL"):
        value = os.environ.get(variable, "").strip()
        if value:
            # A path with blanks in it, or a command with arguments.
            return [value] if Path(value).is_file() else shlex.split(value, posix=os.name != "nt")
    for name in ("sensible-editor", "editor", "nano", "vim", "vi", "notepad"):
        if shutil.which(name):
            return [name]
    raise UsageError(
        "no editor is configured or found", hint='set EDITOR, for example: export EDITOR="code -w"'
    )
