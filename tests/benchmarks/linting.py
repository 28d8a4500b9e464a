"""Times `alembic-db lint` over a long history, whole processes.

    python tests/benchmarks/linting.py [--revisions N] [--rounds N]

A project with N revisions is made, for PostgreSQL, MariaDB and SQLite; no database is needed, since
`--all-revisions` asks none. Each revision makes a table, adds a column and an index to another,
changes a type, and writes rows; every tenth drops a column. `alembic-db upgrade --sql`, which runs
the same revisions offline and judges nothing, is timed beside it, in turns, after one round that
counts for nothing. The answer is a Markdown table of medians: wall time, and the time of the
processor, which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PROGRAMS = Path(sys.executable).parent

URLS = {
    "PostgreSQL": "postgresql+psycopg://me@127.0.0.1:1/shop",
    "MariaDB": "mariadb+pymysql://me@127.0.0.1:1/shop",
    "SQLite": "sqlite:///shop.db",
}

REVISION = '''"""step {number}"""
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "table_{number}",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
    )
    op.add_column("table_{before}", sa.Column("note_{number}", sa.String(50)))
    op.create_index("ix_{number}", "table_{before}", ["note_{number}"])
    with op.batch_alter_table("table_{before}") as batch:
        batch.alter_column("name", type_=sa.String(200), existing_type=sa.String(100))
    op.execute("UPDATE table_{before} SET note_{number} = 'x' WHERE id < 10")
{more}

def downgrade():
    op.drop_table("table_{number}")
'''
DROP = '    op.drop_column("table_{before}", "note_{number}")\n'


def make(root: Path, url: str, revisions: int) -> None:
    """Write a project with a history."""
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        f'[tool.alembic-migrate]\nmetadata = "shop:metadata"\nurl = "{url}"\n'
    )
    (root / "shop.py").write_text(
        "from sqlalchemy import Column, Integer, MetaData, Table\n\nmetadata = MetaData()\n"
        'Table("table_0", metadata, Column("id", Integer, primary_key=True))\n'
    )
    down = None
    for number in range(revisions):
        names = {"number": number, "before": max(number - 1, 0), "revision": f"r{number:05}"}
        more = DROP.format(**names) if number % 10 == 0 else ""
        text = REVISION.format(**names, down=down, more=more)
        (versions / f"r{number:05}.py").write_text(text)
        down = names["revision"]


def seconds(words: Sequence[str], root: Path, environ: Mapping[str, str]) -> tuple[float, float]:
    """Run a command and return its wall time and its processor's; findings are no failure."""
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, cwd=root, env=environ, capture_output=True, check=False)
    took, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, 4}:
        raise SystemExit(f"{' '.join(words)}: {done.stderr.decode()}")
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(url: str, revisions: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Return the medians of each command, in seconds."""
    lint = [str(PROGRAMS / "alembic-db"), "lint", "--all-revisions", "-q"]
    commands = {
        "lint": lint,
        "lint --format sarif": [*lint, "--format", "sarif"],
        "upgrade --sql": [str(PROGRAMS / "alembic-db"), "upgrade", "--sql", "-q"],
    }
    if url.startswith("postgresql"):
        commands["lint --squawk"] = [*lint, "--squawk"]
    if url.startswith("sqlite"):
        del commands["upgrade --sql"]  # a batch has to read the table first
    environ = {**os.environ, "NO_COLOR": "1"}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root, url, revisions)
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for number in range(rounds + 1):
            for name, words in commands.items():
                found = seconds(words, root, environ)
                if number:
                    took[name].append(found)
    return {
        name: (
            statistics.median(wall for wall, _ in each),
            statistics.median(processor for _, processor in each),
        )
        for name, each in took.items()
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--revisions", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    typed = parser.parse_args()
    print(f"{typed.revisions} revisions, median of {typed.rounds} rounds\n")
    print("| database | command | wall s | processor s | processor ms a revision |")
    print("| --- | --- | --- | --- | --- |")
    for database, url in URLS.items():
        for name, (wall, cpu) in measure(url, typed.revisions, typed.rounds).items():
            each = 1000 * cpu / typed.revisions
            print(f"| {database} | {name} | {wall:.2f} | {cpu:.2f} | {each:.1f} |")


if __name__ == "__main__":
    main()
