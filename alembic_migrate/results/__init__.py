"""What the commands return: frozen records of plain values.

Text, JSON and the library's users all read these; nothing here prints or imports Alembic. A record
is defined when it is first asked for, since each takes a moment and a command needs few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic_migrate.results.changes import Change, Written
    from alembic_migrate.results.checks import Check, Finding
    from alembic_migrate.results.journals import Applied, JournalEntry
    from alembic_migrate.results.outcomes import Outcome
    from alembic_migrate.results.places import Current, State, Status
    from alembic_migrate.results.plain import as_json
    from alembic_migrate.results.projects import ConfigRow, Initialised, Template, Tenant
    from alembic_migrate.results.revisions import DatabaseRevisions, Revision, Revisions
    from alembic_migrate.results.runs import Run, Step

__all__ = [
    "Applied",
    "Change",
    "Check",
    "ConfigRow",
    "Current",
    "DatabaseRevisions",
    "Finding",
    "Initialised",
    "JournalEntry",
    "Outcome",
    "Revision",
    "Revisions",
    "Run",
    "State",
    "Status",
    "Step",
    "Template",
    "Tenant",
    "Written",
    "as_json",
]

_HOMES = {
    "Applied": "journals",
    "Change": "changes",
    "Check": "checks",
    "ConfigRow": "projects",
    "Current": "places",
    "DatabaseRevisions": "revisions",
    "Finding": "checks",
    "Initialised": "projects",
    "JournalEntry": "journals",
    "Outcome": "outcomes",
    "Revision": "revisions",
    "Revisions": "revisions",
    "Run": "runs",
    "State": "places",
    "Status": "places",
    "Step": "runs",
    "Template": "projects",
    "Tenant": "projects",
    "Written": "changes",
    "as_json": "plain",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only where a name is really asked for

    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
