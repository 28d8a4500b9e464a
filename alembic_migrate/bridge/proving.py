"""The SQL that tenants share, found and proved on scratch databases.

The history is replayed twice: as usual, which notes what literal revisions execute, and with what
was noted in their place. Only where both come to the same catalogue is it used.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate.bridge.asking import connected_heads
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.bridge.staging import Stage
from alembic_migrate.bridge.walking import in_order
from alembic_migrate.databases.catalogue.comparing import compare
from alembic_migrate.databases.sharing import BACKENDS, Recording, changed_ddl
from alembic_migrate.errors import AlembicMigrateError, Interrupted
from alembic_migrate.events import Event, ignore
from alembic_migrate.history.literal import is_literal
from alembic_migrate.integrity.sums import text_sum

if TYPE_CHECKING:
    from alembic.script import Script

    from alembic_migrate.databases.catalogue.items import Catalogue
    from alembic_migrate.databases.sharing import Compiled, Sharing
    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target

# Sharing saves a third of what a revision takes on a tenant, with the server on the same cores. The
# proof costs the whole history twice and two databases, while no tenant is migrated.
_WORTH = 20


class _NotProved(Exception):
    """The SQL is not to be shared; the text says why."""


class Proof:
    """Finds the SQL that the tenants of a base can share.

    Args:
        target: one of them, which is behind.

    Raises:
        AlembicMigrateError: the history is broken.
    """

    def __init__(self, target: Target) -> None:
        self._base = replace(target, tenant=None)
        self._scripts = Scripts(self._base)
        self._order = in_order(self._scripts)
        self._pending = self._pending_on(target)

    def pays(self, tenants: int) -> bool:
        """Tell whether so many tenants save more than the proof costs."""
        return bool(self._pending) and tenants * len(self._pending) >= _WORTH * len(self._order)

    def found(self, report: Report) -> Compiled | None:
        """Return the SQL that is proved, or None; then it is told why.

        Raises:
            Interrupted: it was asked to end.
        """
        try:
            compiled = self._proved()
        except Interrupted:
            raise
        except (_NotProved, AlembicMigrateError) as error:
            self._warn(error, report)
            return None
        said = f"the SQL of {len(compiled.revisions)} revisions is compiled once and proved equal"
        report(Event("log", said, self._base.name))
        return compiled

    def _warn(self, error: Exception, report: Report) -> None:
        why = error.message if isinstance(error, AlembicMigrateError) else str(error)
        said = f"compiled = true is not used, every tenant is migrated as usual: {why}"
        report(Event("warning", said, self._base.name))

    def _pending_on(self, target: Target) -> dict[str, tuple[str, str]]:
        """Return file and sum of the literal revisions that a tenant lacks, by their ids."""
        try:
            applied = self._scripts.applied(connected_heads(target))
        except AlembicMigrateError:  # told when it is its turn
            applied = set()
        found: dict[str, tuple[str, str]] = {}
        for each in self._order:
            script = self._scripts.get_revision(each)
            source = _literal_source(script) if each not in applied else None
            if source is not None:
                found[each] = str(script.path), text_sum(source)
        return found

    def _proved(self) -> Compiled:
        backend = self._base.url.get_backend_name()
        if backend not in BACKENDS:
            raise _NotProved(f"{backend} is none of {', '.join(sorted(BACKENDS))}")
        _ = self._base.models  # what changes DDL is in there
        if (changed := changed_ddl()) is not None:
            raise _NotProved(changed)
        recording = Recording(self._pending)
        usual = self._catalogue(recording)
        compiled = recording.compiled()
        if compiled is None:
            raise _NotProved("no revision does nothing but to execute plain statements")
        for one in compare(usual, self._catalogue(compiled)):
            raise _NotProved(
                f"on a scratch database its outcome differs from the usual one: {one.text}"
            )
        return compiled

    def _catalogue(self, sharing: Sharing) -> Catalogue:
        """Return what a scratch database holds after the whole history.

        Args:
            sharing: what its revisions are run with.

        Raises:
            AlembicMigrateError: no such database can be made, or a revision fails.
        """
        there = replace(self._base, compiled=sharing)
        stage = Stage(there, self._scripts, self._order, ignore)
        try:
            walked = stage.walk(len(self._order), looking=False)
        finally:
            stage.leave()
        if walked.error is not None:
            raise _NotProved(f"on a scratch database {walked.error.message}")
        return walked.seen[-1]


def _literal_source(script: Script) -> bytes | None:
    """Return the text of a literal revision's file, or None."""
    file = Path(script.path)
    try:
        source = file.read_bytes() if file.suffix == ".py" else b""
    except OSError:
        return None
    return source if is_literal(source) and _is_loaded_from(source, script) else None


def _is_loaded_from(source: bytes, script: Script) -> bool:
    """Tell whether a revision was loaded from this text, not from what stood there before."""
    loaded = getattr(vars(script.module).get("upgrade"), "__code__", None)
    text = compile(source, script.path, "exec", dont_inherit=True)
    return loaded is not None and loaded in text.co_consts
