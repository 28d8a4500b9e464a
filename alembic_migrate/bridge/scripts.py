"""A migrations folder as Alembic's ``ScriptDirectory``, with errors that name the file."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.script import ScriptDirectory
from alembic.script.revision import (
    CycleDetected,
    MultipleHeads,
    RangeNotAncestorError,
    ResolutionError,
    RevisionError,
)
from alembic.util import CommandError

from alembic_migrate.bridge.loading import load_revisions
from alembic_migrate.bridge.records import record
from alembic_migrate.bridge.sums import keep_sum
from alembic_migrate.bridge.writing import (
    check_id,
    check_inside,
    check_label,
    check_location,
    render,
    safe_message,
    write_new,
)
from alembic_migrate.errors import AlembicMigrateError, HistoryError, RevisionNotFound, UsageError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from alembic.script import Script

    from alembic_migrate.results import Revision
    from alembic_migrate.targets import Target

DEFAULT_TEMPLATE = Path(__file__).with_name("templates") / "app" / "script.py.mako"

_LISTED = "alembic-db history lists the revisions"


class Scripts(ScriptDirectory):
    """The revision files of one target."""

    def __init__(self, target: Target) -> None:
        config = target.config
        folder = target.require_folder()
        given = {
            key: config[key]
            for key in ("file_template", "timezone", "output_encoding")
            if config.is_set(key)
        }
        super().__init__(
            folder,
            truncate_slug_length=config["truncate_slug_length"] or 40,
            version_locations=[str(path) for path in config["version_locations"] or ()],
            sourceless=bool(config["sourceless"]),
            hooks=_hooks(target),
            recursive_version_locations=bool(config["recursive_version_locations"]),
            messaging_opts={"quiet": True},
            **given,
        )
        own = self.revision_map
        self.revision_map = target.shared("revisions", lambda: own)
        self.target = target
        self.written: list[Path] = []
        target.enter()  # revisions may import the project's own modules

    def _load_revisions(self) -> Iterator[Script]:
        self.target.enter()  # revisions may import the project's own modules
        return load_revisions(self, self.target)

    def check_new(
        self, rev_id: str | None, version_path: str | None, label: str | None = None
    ) -> None:
        """Refuse what was typed for a new revision and cannot be, before any database is asked.

        Raises:
            UsageError: the id or the label cannot be one, or the path is no folder of revisions.
        """
        if rev_id is not None:
            check_id(rev_id)
        if label is not None:
            check_label(label)
        if version_path:
            check_location(Path(version_path), self._version_locations)

    def _generate_create_date(self) -> dt.datetime:
        try:
            return super()._generate_create_date()
        except (CommandError, ModuleNotFoundError, OSError) as error:
            raise UsageError(
                f"timezone = {self.timezone!r} is not known: {error}",
                hint='for example: timezone = "UTC" or timezone = "Europe/Vienna"; on systems '
                "without a time zone database: pip install tzdata",
            ) from None

    def _rev_path(
        self, path: Any, rev_id: str, message: str | None, create_date: dt.datetime
    ) -> Path:
        check_id(rev_id)
        if rev_id in self.revision_map._revision_map:  # noqa: SLF001 - an exact match only
            raise UsageError(
                f"the revision id {rev_id} is taken: {self.get_revision(rev_id).path}",
                hint="leave --rev-id away, or give another one",
            )
        try:
            found = super()._rev_path(path, rev_id, message, create_date)
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"file_template = {self.file_template!r} cannot be filled in: "
                f"{type(error).__name__}: {error}",
                hint="it may name %(rev)s %(slug)s %(epoch)s %(year)d %(month).2d %(day).2d "
                "%(hour).2d %(minute).2d %(second).2d",
            ) from None
        check_inside(found, Path(path), self.file_template)
        below = found.parent.resolve() != Path(path).resolve()
        if (below and not self.recursive_version_locations) or found.name.startswith("__init__"):
            raise UsageError(
                f"the file {found} would not be read as a revision",
                hint=f"correct file_template = {self.file_template!r}, or give another --rev-id"
                + ("; or set recursive_version_locations = true" if below else ""),
            )
        return found

    def _generate_template(self, src: Path, dest: Path, **kw: Any) -> None:
        if not src.is_file() and self.target.environment == "builtin":
            src = DEFAULT_TEMPLATE
        if not src.is_file():
            raise HistoryError(
                f"the template {src} is missing",
                hint="copy one there: alembic-db init writes one into a new folder",
            )
        kw["message"] = safe_message(kw.get("message") or "")
        write_new(dest, render(src, kw), self.output_encoding)
        self.written.append(dest)

    def generate_revision(self, *arguments: Any, **kw: Any) -> Script | None:
        """Write a revision file and its sum; where that fails, the file is taken away again."""
        before = len(self.written)
        try:
            with contextlib.redirect_stdout(sys.stderr):  # the hooks' output is no answer
                script = super().generate_revision(*arguments, **kw)
            keep_sum(self.target, self.written[before:])
        except BaseException:
            for path in self.written[before:]:
                path.unlink(missing_ok=True)
            raise
        return script

    @contextlib.contextmanager
    def explained(self, asked: str = "") -> Iterator[None]:
        """Tell Alembic's errors about revisions as ours.

        Args:
            asked: the revision as it was typed.
        """
        try:
            yield
        except AlembicMigrateError:
            raise
        except (CommandError, RevisionError) as error:
            raise self._explain(error, asked) from error

    def _explain(self, error: Exception, asked: str) -> AlembicMigrateError:
        cause = error.__cause__ if isinstance(error.__cause__, RevisionError) else error
        base = self.target.prefix
        if isinstance(cause, MultipleHeads):
            return self.several_heads(cause.heads)
        if isinstance(cause, CycleDetected):
            return HistoryError(
                f"{base}the revisions go round in a circle: {', '.join(cause.revisions)}",
                hint="correct down_revision or depends_on in one of these files",
            )
        text, hint = self._unresolved(cause, str(error), asked)
        typed = asked or isinstance(cause, ResolutionError | RangeNotAncestorError)
        return (RevisionNotFound if typed else HistoryError)(base + text, hint=hint)

    def _unresolved(self, cause: Exception, said: str, asked: str) -> tuple[str, str]:
        """Return what is wrong with a revision that was named, and what to do."""
        if isinstance(cause, ResolutionError):
            word = cause.argument or asked
            if "Multiple" in str(cause):
                known = (script.revision for script in self.walk_revisions())
                ids = ", ".join(sorted(each for each in known if each.startswith(word)))
                return f"{word!r} begins several ids: {ids}", "write more of the id"
            return f"there is no revision {word!r} in {self.dir}", self.nearest(word)
        if said.startswith(("Relative revision", "Walked too far")):
            return (
                f"{asked} leads out of the history: there are not that many revisions",
                "alembic-db current says where the database is, alembic-db history what there is",
            )
        if said == "Ambiguous walk":
            text = f"{asked} may be one of several revisions: the history branches on the way"
            return text, "name the revision: alembic-db history lists them"
        return said, _LISTED

    def nearest(self, asked: str) -> str:
        """Return a hint with the known id nearest to what was typed."""
        import difflib  # noqa: PLC0415 - only for a message

        known = [script.revision for script in self.walk_revisions()]
        near = difflib.get_close_matches(asked, known, n=1, cutoff=0.5)
        return f"did you mean {near[0]}? {_LISTED}" if near else _LISTED

    def several_heads(self, heads: Sequence[str], *, writing: bool = False) -> HistoryError:
        """Return the error for several heads where one is needed, with the lines that mend it."""
        flag = self.target.flag
        other = f"name one, or all of them: alembic-db upgrade{flag} heads"
        if writing:
            other = f"name the one to follow: alembic-db revision{flag} --head {min(heads)}"
        lines = [f"  {head}  {self.get_revision(head).path}" for head in sorted(heads)]
        return HistoryError(
            f"{self.target.title} has {len(heads)} heads:\n" + "\n".join(lines),
            hint=f'join them: alembic-db merge{flag} -m "merge heads"\nor {other}',
            data={"base": self.target.name, "heads": sorted(heads)},
        )

    def has(self, revision: str) -> bool:
        """Tell whether there is a revision of just this id."""
        found = self.revision_map._revision_map.get(revision)  # noqa: SLF001 - labels are in it too
        return found is not None and found.revision == revision

    def applied(self, heads: Sequence[str]) -> set[str]:
        """Return the ids that a database has whose version table holds these."""
        if not heads:
            return set()
        below = self.iterate_revisions(tuple(heads), "base", inclusive=True, implicit_base=True)
        return {script.revision for script in below}

    def pending(self, *databases: Sequence[str]) -> tuple[Revision, ...]:
        """Return the revisions that a database lacks, first to run first.

        Args:
            databases: the ids in the version table of each; what any of them lacks counts.
        """
        with self.explained():
            lacking = [
                list(self.iterate_revisions("heads", tuple(heads) or None, implicit_base=True))
                for heads in databases
            ]
        longest_first = sorted(lacking, key=len, reverse=True)
        scripts = {s.revision: s for found in longest_first for s in reversed(found)}
        return tuple(record(script) for script in scripts.values())


def _hooks(target: Target) -> list[Mapping[str, str]]:
    here = str(target.config.root)
    hooks: list[Mapping[str, str]] = []
    for table in target.config["post_write_hooks"] or ():
        options = {key: str(value).replace("%(here)s", here) for key, value in table.items()}
        options["_hook_name"] = options.pop("name", options.get("type", "hook"))
        hooks.append(options)
    return hooks
