"""Times `alembic-db` against `alembic` and `flask db`, whole processes in turns.

    python tests/benchmarks/startup.py [--revisions N] [--rounds N] [--only WORD ...]

One project with N revisions and one SQLite file at head is made; each tool has a folder of its own
with the same revisions and the files that its own `init` writes. In every round each tool runs once
(A B C A B C ...), after two rounds that count for nothing (one where a run takes long); a ratio is
the median of the rounds' ratios, below 1 where `alembic-db` is the faster. Processor time is what
lasts; wall time says little on a machine that does other work. Peak memory is the largest resident
set. The answer is a Markdown table with what was wished for beside what was found. The programs are
those beside the Python that runs this file. It does not run on Windows, where processes cannot be
asked what they took.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

PROGRAMS = Path(sys.executable).parent
WARM_UP_ROUNDS = 2

TOOLS = ("alembic-db", "alembic", "flask db")


class Taken(NamedTuple):
    """What one run took: seconds of the processor's, of the clock's, and the largest memory."""

    processor: float
    wall: float
    memory: float


@dataclass(frozen=True)
class Work:
    """One thing to do, as each tool spells it.

    Attributes:
        spellings: the words of each tool; one that cannot do it is left out.
        goals: the processor time that ours may take of Alembic's, for so many revisions or more.
        behind: the database lacks the last revision.
        completing: the shell asks for the words that may follow.
    """

    spellings: Mapping[str, Sequence[str]]
    goals: Mapping[int, float]
    behind: bool = False
    completing: bool = False

    def goal(self, revisions: int) -> str:
        """Return what is wished for, in a folder of so many revisions."""
        found = [goal for least, goal in self.goals.items() if revisions >= least]
        return f"{found[-1]:.2f}" if found else ""


def spelt(*words: str, flask: bool = True) -> dict[str, Sequence[str]]:
    """Return a command of every tool's."""
    every = {"alembic-db": ["alembic-db", *words], "alembic": ["alembic", *words]}
    own = [] if words == ("--version",) else ["db"]
    return every | ({"flask db": ["flask", *own, *words]} if flask else {})


COMMANDS: Mapping[str, Work] = {
    "--version": Work(spelt("--version"), {0: 0.2}),
    "--help": Work(spelt("--help", flask=False), {0: 0.2}),
    "completion of an id": Work(
        {"alembic-db": ["alembic-db"], "alembic": ["alembic", "heads"]},
        {0: 0.2},
        completing=True,
    ),
    "heads": Work(spelt("heads"), {0: 0.4, 1_000: 0.35, 10_000: 0.2}),
    "current": Work(spelt("current"), {100: 0.75, 10_000: 0.25}),
    "upgrade (at head)": Work(spelt("upgrade", "head"), {100: 0.75, 10_000: 0.25}),
    "upgrade (one revision)": Work(spelt("upgrade", "head"), {0: 1.0}, behind=True),
    "check": Work(spelt("check"), {0: 0.9}),
}
LONG = 5.0  # seconds

REVISION = '''"""table {number}"""
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


def downgrade():
    op.drop_table("table_{number}")
'''

MODELS = """from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData()
for number in range({revisions}):
    Table(
        f"table_{{number}}",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(100), nullable=False),
    )
"""

FLASK_APP = """from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from models import metadata

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{Path(__file__).with_name('bench.db')}"
db = SQLAlchemy(app, metadata=metadata)
migrate = Migrate(app, db, directory="with_flask")
"""

PYPROJECT = """[tool.alembic-migrate]
metadata = "models:metadata"
url = "sqlite:///bench.db"
directory = "migrations"
"""


def main() -> None:
    """Make the project, time the commands and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--revisions", type=int, default=100, help="default: 100")
    parser.add_argument("--rounds", type=int, default=15, help="default: 15")
    parser.add_argument("--only", nargs="*", default=[], help="rows whose name has one of these")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="startup-") as folder:
        root = Path(folder)
        make_project(root, given.revisions)
        print(f"{given.revisions} revisions, {given.rounds} rounds, medians\n")
        compared = " | ".join(f"{tool} | processor | wall | memory" for tool in TOOLS[1:])
        print(f"| command | goal | {TOOLS[0]} | {compared} |")
        print("| --- | ---: |" + " ---: |" * (1 + 4 * (len(TOOLS) - 1)))
        for name, work in COMMANDS.items():
            if not given.only or any(word in name for word in given.only):
                runs = measure(root, work, given.rounds)
                print(row(name, work.goal(given.revisions), runs), flush=True)


def make_project(root: Path, revisions: int) -> None:
    """Write the project with its three folders and upgrade its database."""
    (root / "models.py").write_text(MODELS.format(revisions=revisions))
    (root / "app.py").write_text(FLASK_APP)
    run(root, ["alembic", "init", "with_alembic"])
    replace(root / "alembic.ini", "driver://user:pass@localhost/dbname", "sqlite:///bench.db")
    imported = "from models import metadata as target_metadata"
    replace(root / "with_alembic" / "env.py", "target_metadata = None", imported)
    run(root, ["flask", "db", "init"])
    (root / "pyproject.toml").write_text(PYPROJECT)
    for folder in ("migrations", "with_alembic", "with_flask"):
        write_revisions(root / folder / "versions", revisions)
    # Alembic's own way is slow where it runs thousands: the tables are made without it.
    prepare(root, revisions)


def write_revisions(folder: Path, revisions: int) -> None:
    """Write a straight line of revisions, each of which makes one table."""
    folder.mkdir(parents=True, exist_ok=True)
    down = None
    for number in range(revisions):
        revision = f"{number:012x}"
        text = REVISION.format(number=number, revision=revision, down=down)
        (folder / f"{revision}_table_{number}.py").write_text(text)
        down = revision


def replace(path: Path, old: str, new: str) -> None:
    """Replace the one place of a file where `old` stands."""
    text = path.read_text()
    if text.count(old) != 1:
        raise SystemExit(f"{path.name}: {old!r} stands there {text.count(old)} times, not once")
    path.write_text(text.replace(old, new))


def prepare(root: Path, revisions: int) -> None:
    """Make the database at head, and one that lacks the last revision."""
    for name, number in (("head.db", revisions), ("behind.db", revisions - 1)):
        with closing(sqlite3.connect(root / name)) as connection:
            for each in range(number):
                columns = "id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL"
                connection.execute(f"CREATE TABLE table_{each} ({columns})")
            connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
            if number:
                last = f"{number - 1:012x}"
                connection.execute("INSERT INTO alembic_version VALUES (?)", (last,))
            connection.commit()


def measure(root: Path, work: Work, rounds: int) -> dict[str, list[Taken]]:
    """Return what each tool's runs took, in the order of the rounds."""
    taken: dict[str, list[Taken]] = {tool: [] for tool in work.spellings}
    long = False
    for number in range(WARM_UP_ROUNDS + rounds):
        if long and number == 1:
            continue
        for tool, words in work.spellings.items():
            shutil.copyfile(root / ("behind.db" if work.behind else "head.db"), root / "bench.db")
            found = run(root, words, completing=work.completing)
            long |= found.wall > LONG
            if number >= WARM_UP_ROUNDS:
                taken[tool].append(found)
    return taken


def run(root: Path, words: Sequence[str], *, completing: bool = False) -> Taken:
    """Run one of the programs in the project and return what it took.

    Raises:
        SystemExit: it failed; its outputs are the message.
    """
    environment = {**os.environ, "FLASK_APP": "app", "XDG_CACHE_HOME": str(root / "caches")}
    for name in ("ALEMBIC_BASE", "PYTHONDONTWRITEBYTECODE"):  # an installed package is compiled
        environment.pop(name, None)
    if completing and words[0] == "alembic-db":
        typed = {"COMP_WORDS": "alembic-db upgrade ", "COMP_CWORD": "2"}
        environment |= {"_ALEMBIC_DB_COMPLETE": "bash_complete", **typed}
    command = [str(PROGRAMS / words[0]), *words[1:]]
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(words)} failed:\n{said.read().decode()}")
    return Taken(used.ru_utime + used.ru_stime, wall, used.ru_maxrss)


def row(name: str, goal: str, taken: Mapping[str, Sequence[Taken]]) -> str:
    """Return one line of the table: processor time of each tool, and the ratios to the others."""
    ours = taken["alembic-db"]
    cells = [f"`{name}`", goal, milliseconds(ours)]
    for tool in TOOLS[1:]:
        theirs = taken.get(tool)
        if theirs is None:
            cells += [""] * 4
            continue
        ratios = [
            statistics.median(mine[at] / its[at] for mine, its in zip(ours, theirs, strict=True))
            for at in range(3)
        ]
        cells += [milliseconds(theirs), *(f"{ratio:.2f}" for ratio in ratios)]
    return f"| {' | '.join(cells)} |"


def milliseconds(taken: Sequence[Taken]) -> str:
    """Return the median of the processor times with its unit."""
    return f"{statistics.median(each.processor for each in taken) * 1000:.0f} ms"


if __name__ == "__main__":
    main()
