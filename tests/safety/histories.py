"""Histories that show damage: run twice, or half, they leave another number behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from textwrap import dedent

from sqlalchemy import make_url

from alembic_migrate.databases.holding import held
from alembic_migrate.locks.gate import Wish, gate
from alembic_migrate.locks.sessions import lock_for
from tests.projects import Project, Result, check, environment, revision_text

BASE = """
    from sqlalchemy import MetaData

    metadata = MetaData()
    """

# What cannot run inside a transaction on PostgreSQL and commits by itself on MariaDB.
OUTSIDE = {
    "postgresql": 'op.execute("CREATE INDEX CONCURRENTLY ix_{name} ON counter (n)")',
    "mysql": 'op.execute("ALTER TABLE counter ADD COLUMN c_{name} INTEGER")',
    "sqlite": 'op.execute("CREATE INDEX ix_{name} ON counter (n)")',
}

# An expression that is 0 and takes some seconds to be so, in a process that is told to be slow.
SLOW = {
    "postgresql": "(SELECT 0 FROM pg_sleep({seconds}))",
    "mysql": "SLEEP({seconds})",
    "sqlite": "(WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t "
    "WHERE x < {seconds} * 3000000) SELECT 0 * count(*) FROM t)",
}


def backend_of(url: str) -> str:
    """Return a URL's kind of server: sqlite, postgresql or mysql."""
    return make_url(url).get_backend_name().replace("mariadb", "mysql")


def configuration(url: str, **keys: object) -> str:
    """Return a pyproject.toml for a base without models of its own."""
    lines = [
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}"
        for key, value in keys.items()
    ]
    table = ["[tool.alembic-migrate]", 'metadata = "base:metadata"', f'url = "{url}"']
    return "\n".join([*table, *lines, ""])


def write(project: Project, url: str, *upgrades: str, **keys: object) -> Project:
    """Write a history of revisions r0000, r0001, ... with these bodies, and its configuration."""
    project.write("base.py", BASE)
    project.write("pyproject.toml", configuration(url, **keys))
    for number, upgrade in enumerate(upgrades):
        name, down = f"r{number:04}", f"r{number - 1:04}" if number else None
        text = revision_text(name, down, upgrade=dedent(upgrade.strip("\n")))
        project.write(f"migrations/versions/{name}.py", text)
    return project


MAKES_COUNTER = """
op.create_table("counter", sa.Column("n", sa.Integer), if_not_exists=True)
op.execute("INSERT INTO counter VALUES (0)")
"""


def write_history(project: Project, url: str, *, count: int, **keys: object) -> Project:
    """Write a history whose first revision makes a counter and whose others each add one to it.

    What each adds is committed before the revision is: run twice, it does harm. Each can be taken
    back, too.
    """
    backend = backend_of(url)
    write(project, url, MAKES_COUNTER, **keys)
    drop = 'op.drop_table("counter")'
    project.write(
        "migrations/versions/r0000.py",
        revision_text("r0000", upgrade=MAKES_COUNTER, downgrade=drop),
    )
    for number in range(1, count):
        name = f"r{number:04}"
        upgrade = f"""\
op.execute("UPDATE counter SET n = n + 1")
with op.get_context().autocommit_block():
    {OUTSIDE[backend].format(name=name)}
"""
        undo = f'op.drop_index("ix_{name}", "counter")'
        if backend == "mysql":
            undo = f'op.drop_column("counter", "c_{name}")'
        downgrade = f'{undo}\nop.execute("UPDATE counter SET n = n - 1")'
        project.write(
            f"migrations/versions/{name}.py",
            revision_text(name, f"r{number - 1:04}", upgrade=upgrade, downgrade=downgrade),
        )
    return project


def halting(name: str) -> str:
    """Return lines of a revision that say where they are, and stay there if HALT names them."""
    return f"""\
import os, pathlib, time
if os.environ.get("HALT") == "{name}":
    pathlib.Path("{name}.here").touch()
    time.sleep(60)
"""


def slowly(name: str, backend: str, statement: str, seconds: float = 20) -> str:
    """Return lines that run a statement with {{slow}} in it, slow if HALT names it."""
    slow = SLOW[backend].format(seconds=seconds)
    return f"""\
import os, pathlib
slow = "0"
if os.environ.get("HALT") == "{name}":
    pathlib.Path("{name}.here").touch()
    slow = {slow!r}
op.execute({statement!r}.replace("(slow)", slow))
"""


def start(
    project: Project, *words: str, setup: str | None = None, **env: str
) -> subprocess.Popen[bytes]:
    """Start the tool in a process of its own, in a group of its own.

    Args:
        project: where.
        words: what is typed.
        setup: Python that is run in that process first.
        env: variables.
    """
    program = ["-m", "alembic_migrate"]
    if setup is not None:
        last = "import sys\nfrom alembic_migrate.cli import main\nsys.exit(main())"
        program = ["-c", f"{setup}\n{last}"]
    return subprocess.Popen(
        [sys.executable, *program, *words],
        cwd=project.root,
        env=environment(project.root, env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextmanager
def started(
    project: Project, *words: str, setup: str | None = None, **env: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the tool as ``start``, and kill it should it still run when the block is over."""
    process = start(project, *words, setup=setup, **env)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def finish(process: subprocess.Popen[bytes], seconds: float = 100) -> Result:
    """Wait for a process and return what it left behind."""
    out, err = process.communicate(timeout=seconds)
    result = Result(process.returncode, out.decode(), err.decode())
    check(result, ("alembic-db",), None)
    return result


def race(project: Project, processes: int, *words: str) -> list[Result]:
    """Start processes together and return what each left behind."""
    running = [start(project, *words) for _ in range(processes)]
    return [finish(process) for process in running]


def wait_until(happens: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def halted(project: Project, name: str) -> None:
    """Wait until a process has come to where it was told to stay."""
    wait_until((project.root / f"{name}.here").exists)
    time.sleep(0.3)  # what it executes there has come to the server


@contextmanager
def locked(url: str, *, schema: str | None = None, wait: float = 0) -> Iterator[None]:
    """Hold a database's migration lock as another process of ours would; fails if it is taken."""
    wish = Wish(url=make_url(url), schema=schema, table="alembic_version", wait=wait)
    with gate(wish, lambda _said: None):
        yield


def assert_unlocked(url: str) -> None:
    """Make sure that nobody holds a lock of a database any more: the gate's nor a session's."""
    lock = lock_for(backend_of(url), "session", None, "alembic_version")
    with locked(url):
        if lock is not None:
            with held(make_url(url), None) as connection:
                assert connection.call(lock.holder) is None
