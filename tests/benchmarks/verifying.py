"""Times `alembic-db verify` over a long history, whole processes, on real servers.

    python -m tests.benchmarks.verifying [--revisions N]

Each revision makes a table and adds a column with an index to the one before; every downgrade
takes that back. `alembic-db upgrade` on a database of its own is timed beside it. The answer is a
Markdown table: wall time of the command and of each question, and the client's processor time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import servers

COMMAND = Path(sys.executable).with_name("alembic-db")

REVISION = '''"""step {number}"""
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down!r}


def upgrade():
    op.create_table(
        "table_{number}",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
    )
    if {number}:
        op.add_column("table_{before}", sa.Column("note", sa.String(50)))
        op.create_index("ix_{number}", "table_{before}", ["note"])


def downgrade():
    if {number}:
        op.drop_index("ix_{number}", "table_{before}")
        op.drop_column("table_{before}", "note")
    op.drop_table("table_{number}")
'''
MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
for number in range({revisions}):
    more = [sa.Column("note", sa.String(50))] if number < {revisions} - 1 else []
    table = sa.Table(
        f"table_{{number}}", metadata, sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False), *more,
    )
    if more:
        sa.Index(f"ix_{{number + 1}}", table.c.note)
"""


def make(root: Path, url: str, revisions: int) -> None:
    """Write a project with a history."""
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    table = f'[tool.alembic-migrate]\nmetadata = "shop:metadata"\nurl = "{url}"\n'
    (root / "pyproject.toml").write_text(table)
    (root / "shop.py").write_text(MODELS.format(revisions=revisions))
    for number in range(revisions):
        names = {"number": number, "before": number - 1, "revision": f"r{number:05}"}
        down = f"r{number - 1:05}" if number else None
        (versions / f"r{number:05}.py").write_text(REVISION.format(**names, down=down))


def run(root: Path, *words: str) -> tuple[float, float, str]:
    """Run a command and return its wall time, its processor's time, and what it answers."""
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [COMMAND, *words], cwd=root, env=os.environ, capture_output=True, text=True, check=False
    )
    took, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, cpu, done.stdout


@contextlib.contextmanager
def served(start: Callable[[], servers.Server]) -> Iterator[str]:
    """Start a server, give the URL of a database on it, and stop the server."""
    server = start()
    try:
        with server.database() as url:
            yield url
    finally:
        server.stop()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--revisions", type=int, default=500)
    revisions = parser.parse_args().revisions
    places = {
        "SQLite": contextlib.nullcontext("sqlite:///shop.db"),
        "PostgreSQL": served(servers.start_postgresql),
        "MariaDB": served(servers.start_mariadb),
    }
    print(f"{revisions} revisions\n")
    print("| database | command | wall s | processor s | up | models | down | again |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, place in places.items():
        with place as url, tempfile.TemporaryDirectory() as folder:
            make(Path(folder), url, revisions)
            wall, cpu, said = run(Path(folder), "verify", "--format", "json", "-q")
            (answer,) = json.loads(said)["bases"]
            asked = {each["name"]: f"{each['seconds']:.1f}" for each in answer["questions"]}
            parts = " | ".join(asked[part] for part in ("up", "models", "down", "again"))
            print(f"| {name} | verify | {wall:.1f} | {cpu:.1f} | {parts} |", flush=True)
            wall, cpu, _ = run(Path(folder), "upgrade", "-q")
            print(f"| {name} | upgrade | {wall:.1f} | {cpu:.1f} | | | | |", flush=True)


if __name__ == "__main__":
    main()
