"""Histories that show damage: run twice, or half, they leave another number behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.projects import Project, Result, check, environment, revision_text

BASE = """
    from sqlalchemy import MetaData

    metadata = MetaData()
    """

COUNTING = """
    op.execute("UPDATE counter SET n = n + 1")
    with op.get_context().autocommit_block():
        {outside}
    """

OUTSIDE = {
    "postgresql": 'op.execute("CREATE INDEX CONCURRENTLY ix_{name} ON counter (n)")',
    "mysql": 'op.execute("ALTER TABLE counter ADD COLUMN c_{name} INTEGER")',
    "sqlite": 'op.execute("CREATE INDEX ix_{name} ON counter (n)")',
}


def configuration(url: str, **keys: object) -> str:
    """Return a pyproject.toml for a base without models of its own."""
    lines = [f"{key} = {str(value).lower() if isinstance(value, bool) else value}"
             for key, value in keys.items()]
    quoted = url.replace("%", "%")
    return "\n".join(
        ["[tool.alembic-migrate]", 'metadata = "base:metadata"', f'url = "{quoted}"', *lines, ""]
    )


def indented(text: str) -> str:
    """Return a function's body with the indentation that a revision file has."""
    lines = [line.strip("\n") for line in text.strip("\n").splitlines()]
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[margin:] for line in lines)


def write_history(project: Project, url: str, *, count: int, **keys: object) -> None:
    """Write a history whose first revision makes a counter and whose others each add one to it."""
    backend = url.split(":")[0].split("+")[0].replace("mariadb", "mysql")
    project.write("base.py", BASE)
    project.write("pyproject.toml", configuration(url, **keys))
    first = 'op.create_table("counter", sa.Column("n", sa.Integer))\n'
    first += 'op.execute("INSERT INTO counter VALUES (0)")'
    project.write(
        "migrations/versions/r0000.py",
        revision_text("r0000", upgrade=first, downgrade='op.drop_table("counter")'),
    )
    for number in range(1, count):
        name = f"r{number:04}"
        outside = OUTSIDE[backend].format(name=name)
        project.write(
            f"migrations/versions/{name}.py",
            revision_text(
                name,
                f"r{number - 1:04}",
                upgrade=indented(COUNTING.format(outside=outside)),
                downgrade="pass",
            ),
        )


def start(project: Project, *words: str, **env: str) -> subprocess.Popen[bytes]:
    """Start the tool in a process of its own, in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "alembic_migrate", *words],
        cwd=project.root,
        env=environment(project.root, env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


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


def wait_until(happens, seconds: float = 20, pause: float = 0.02) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)


@contextmanager
def killed_at_the_end(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Kill a process, should it still run when the test is over."""
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
