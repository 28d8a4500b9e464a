"""What the tests of faults share: a command that has to fail, and all that must hold then."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import alembic_migrate
from tests.projects import Project, Result, revision_text
from tests.servers import ENCODED_PASSWORD, PASSWORD

OURS = Path(alembic_migrate.__file__).parents[1]

# A password that no message may show, as it stands in a URL and as it is.
SECRET = "p%40ss-w0rd"
SECRETS = (SECRET, "p@ss-w0rd", PASSWORD, ENCODED_PASSWORD)

FIRST = revision_text(
    "a1",
    upgrade="op.create_table('customer', sa.Column('id', sa.Integer, primary_key=True))",
    downgrade="op.drop_table('customer')",
)
FAILING = revision_text(
    "b2",
    "a1",
    upgrade="""
        op.create_table('half', sa.Column('id', sa.Integer, primary_key=True))
        op.execute('INSERT INTO half VALUES (1)')
        op.execute('INSERT INTO nowhere VALUES (1)')
        """,
)


def refused(
    project: Project, *args: str, status: int = 2, new: Iterable[str] = (), **options: Any
) -> str:
    """Run a command that has to fail, and return what it says, paths as ROOT.

    Nothing is on stdout, no password anywhere, and no file was made but those of `new`.
    """
    before = project.files()
    result = project.run(*args, status=status, **options)
    assert result.stdout == ""
    _nothing_leaks(result)
    changed = set(project.files()) ^ set(before)
    # What the lock of a SQLite file leaves beside it is no trace of what was refused.
    assert sorted(file for file in changed if not file.endswith(".migration-lock")) == sorted(new)
    return shown(project, result.stderr)


def refused_in_json(project: Project, *args: str, status: int, **options: Any) -> dict[str, Any]:
    """Run it with ``--format json`` and return the error of the one document on stdout."""
    before = project.files("migrations")
    result = project.run("--format", "json", *args, status=status, **options)
    _nothing_leaks(result)
    assert project.files("migrations") == before
    assert set(result.json) <= {"error", "bases"}
    error: dict[str, Any] = result.json["error"]
    assert {"code", "message", "hint"} <= set(error)
    return error


def shown(project: Project, text: str) -> str:
    """Return a text with the project's folder as ROOT; where this package is installed from is not.

    An editable installation puts our own folder on ``sys.path``, where modules are looked for.
    """
    return text.replace(str(project.root), "ROOT").replace(f", {OURS}\n", "\n")


def _nothing_leaks(result: Result) -> None:
    for secret in SECRETS:
        assert secret not in result.stdout + result.stderr
