"""Times `alembic-db` against `alembic` and `flask db`, whole processes in turns.

    python tests/benchmarks/startup.py [--revisions N] [--rounds N]

One project with N revisions and one SQLite file at head is made; each tool has a folder of its own
with the same revisions and the files that its own `init` writes. In every round each tool runs once
(A B C A B C ...), after two rounds that count for nothing; a ratio is the median of the rounds'
ratios, below 1 where `alembic-db` is the faster. The answer is a Markdown table. The programs are
those beside the Python that runs this file.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
WARM_UP_ROUNDS = 2

# One command as each tool spells it; ours first.
COMMANDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    name: {
        "alembic-db": ["alembic-db", *words],
        "alembic": ["alembic", *words],
        "flask db": ["flask", *([] if name == "--version" else ["db"]), *words],
    }
    for name, words in {
        "--version": ["--version"],
        "heads": ["heads"],
        "current": ["current"],
        "upgrade (at head)": ["upgrade", "head"],
    }.items()
}

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
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="startup-") as folder:
        root = Path(folder)
        make_project(root, given.revisions)
        print(f"{given.revisions} revisions, {given.rounds} rounds, medians\n")
        print("| command | alembic-db | alembic | ratio | flask db | ratio |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for name, spellings in COMMANDS.items():
            print(row(name, measure(root, spellings, given.rounds)), flush=True)


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
    run(root, ["alembic", "upgrade", "head"])


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


def measure(
    root: Path, spellings: Mapping[str, Sequence[str]], rounds: int
) -> dict[str, list[float]]:
    """Return the seconds of each tool's runs of one command, in the order of the rounds."""
    seconds: dict[str, list[float]] = {tool: [] for tool in spellings}
    for number in range(WARM_UP_ROUNDS + rounds):
        for tool, words in spellings.items():
            taken = run(root, words)
            if number >= WARM_UP_ROUNDS:
                seconds[tool].append(taken)
    return seconds


def run(root: Path, words: Sequence[str]) -> float:
    """Run one of the programs in the project and return its wall time in seconds.

    Raises:
        SystemExit: it failed; its outputs are the message.
    """
    environment = {**os.environ, "FLASK_APP": "app"}
    environment.pop("ALEMBIC_BASE", None)
    command = [str(PROGRAMS / words[0]), *words[1:]]
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    taken = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return taken


def row(name: str, seconds: Mapping[str, Sequence[float]]) -> str:
    """Return one line of the table: milliseconds of each tool and the two ratios."""
    ours = seconds["alembic-db"]
    cells = [f"`{name}`", milliseconds(ours)]
    for tool in ("alembic", "flask db"):
        ratios = [mine / its for mine, its in zip(ours, seconds[tool], strict=True)]
        cells += [milliseconds(seconds[tool]), f"{statistics.median(ratios):.2f}"]
    return f"| {' | '.join(cells)} |"


def milliseconds(seconds: Sequence[float]) -> str:
    """Return the median with its unit."""
    return f"{statistics.median(seconds) * 1000:.0f} ms"


if __name__ == "__main__":
    main()
