"""lock = "require": without a lock nothing runs, whoever has chosen the database."""

from __future__ import annotations

import pytest

from tests.projects import Project
from tests.safety.histories import assert_unlocked, locked, write
from tests.safety.scripts import over_several, script
from tests.servers import asynchronous

STEPS = ("op.execute('CREATE TABLE a (n INTEGER)')", "op.execute('CREATE TABLE b (n INTEGER)')")
DONE = "Upgraded to r0001 (head), 2 revisions\n"

# A server that SQLAlchemy knows and this tool does not.
STRANGER = """
from alembic.ddl.impl import DefaultImpl
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite


class Dialect(SQLiteDialect_pysqlite):
    name = "stranger"
    supports_statement_cache = False


class Impl(DefaultImpl):
    __dialect__ = "stranger"


registry.register("stranger", "stranger", "Dialect")
"""
UNKNOWN = "no lock is known for stranger"


def own(project: Project, *urls: str, configured: str | None = None, **keys: object) -> Project:
    """Write a project whose env.py alone knows its databases; one may be configured besides."""
    write(project, configured or "", *STEPS, **keys)
    if configured is None:
        text = project.read("pyproject.toml")
        project.write("pyproject.toml", text.replace('url = ""\n', ""))
    project.write("stranger.py", STRANGER)
    project.write("migrations/env.py", "import stranger\n" + over_several(*urls))
    return project


@pytest.mark.parametrize("elsewhere", [False, True], ids=["alone", "in place of another"])
def test_a_database_without_a_lock_that_a_script_chose_is_refused(
    project, command, tmp_path, sqlite_url, elsewhere
):
    configured = sqlite_url if elsewhere else None
    here = own(project(), f"stranger:///{tmp_path}/other", configured=configured, lock="require")
    assert command(here, "upgrade", status=2).stderr == (
        f'Error: lock = "require", and {UNKNOWN}\n'
        '  lock = "auto" goes on without one: then see to it that one process migrates\n'
    )
    assert here.tables(f"sqlite:///{tmp_path}/other") == []


def test_a_database_without_a_lock_that_a_script_chose_is_told_of_once(project, command, tmp_path):
    urls = [f"stranger:///{tmp_path}/{name}" for name in ("one", "other")]
    here = own(project(), *urls)
    ran = command(here, "upgrade")
    assert ran.stderr.splitlines()[0] == (
        f"Warning: {UNKNOWN}: see to it that only one process migrates at a time"
    )
    assert ran.stderr.count(UNKNOWN) == 1
    for name in ("one", "other"):
        assert here.stamped(f"sqlite:///{tmp_path}/{name}") == ["r0001"]


def test_without_a_lock_by_choice_nothing_is_said(project, command, tmp_path):
    here = own(project(), f"stranger:///{tmp_path}/other", lock="off")
    assert "lock" not in command(here, "upgrade").stderr


def test_a_file_that_a_script_chose_is_locked_and_that_is_told(project, command, tmp_path):
    url = f"sqlite:///{tmp_path}/other.db"
    here = own(project(), url, lock="require")
    with locked(url):
        command(here, "upgrade", "--lock-wait", "0", status=5)
    ran = command(here, "upgrade")
    assert ran.stdout == DONE
    assert ran.stderr.splitlines()[0] == (
        f"Warning: the lock is the file {tmp_path}/other.db.migration-lock, beside the database "
        "that env.py opened"
    )
    assert "lock" not in command(own(project(), url), "downgrade", "base").stderr


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_the_session_of_a_script_has_a_lock_of_its_own(project, command, request, kind):
    url = request.getfixturevalue(f"{kind}_url")
    ran = command(own(project(), url, lock="require"), "upgrade")
    assert (ran.stdout, "lock" in ran.stderr) == (DONE, False)
    assert_unlocked(url)


@pytest.mark.parametrize("by", ["url", "script"])
@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_database_in_memory_is_its_processs_own(project, command, by, driver):
    url = "sqlite://" if driver == "sync" else asynchronous("sqlite://")
    here = write(project(), url, *STEPS, lock="require")
    if by == "script":
        here = own(project(name="script"), "sqlite://", lock="require")
    assert command(here, "upgrade").stdout == DONE
    assert here.files("**/*migration-lock*") == []


@pytest.mark.parametrize("by", ["engine", "env.py"])
def test_what_only_looks_like_a_database_in_memory_is_locked(project, command, tmp_path, by):
    """The URL says nothing of where the engine connects to."""
    file = tmp_path / "other.db"
    opened = f"creator=lambda: __import__('sqlite3').connect({str(file)!r})"
    if by == "engine":
        here = write(project(), "sqlite://", *STEPS, lock="require", engine="engines:make_engine")
        made = f"def make_engine(url):\n    return create_engine(url, {opened})\n"
        here.write("engines.py", f"from sqlalchemy import create_engine\n\n{made}")
    else:
        here = own(project(), "sqlite://", lock="require")
        here.write("migrations/env.py", script(before="URL = 'sqlite://'", engine=opened))
    with locked(f"sqlite:///{file}"):
        command(here, "upgrade", "--lock-wait", "0", status=5)
    ran = command(here, "upgrade")
    assert ran.stdout == DONE
    assert f"beside the database that {by} opened\n" in ran.stderr
