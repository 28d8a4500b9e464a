"""Small projects in temporary folders, and the installed command that is run in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.servers import ENCODED_PASSWORD, PASSWORD

COMMAND = Path(sys.executable).with_name("alembic-db")
TIMEOUT_SECONDS = 120

# What the tool could be shown by the machine that runs the tests and that no test asked for is
# left out: ALEMBIC_BASE, NO_COLOR, FORCE_COLOR, EDITOR, COLUMNS, proxies, the terminal's type.
_INHERITED = ("PATH", "TMPDIR", "LD_LIBRARY_PATH")

# A test that writes the same module twice within a second would else run the first one again.
_FIXED = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Result:
    """What a command left behind: its exit status and its two outputs."""

    exit: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON document that stdout is."""
        return json.loads(self.stdout)

    @property
    def jsonl(self) -> list[Any]:
        """The JSON documents that stdout's lines are."""
        return [json.loads(line) for line in self.stdout.splitlines()]


def environment(home: Path, changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Return the clean environment of a command, with `changes` (None takes a variable away)."""
    clean = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # Caches are no files of the project's, although its folder stands in for the home folder.
    clean |= {**_FIXED, "HOME": str(home), "XDG_CACHE_HOME": str(home.parent / "caches")}
    for name, value in (changes or {}).items():
        if value is None:
            clean.pop(name, None)
        else:
            clean[name] = value
    return clean


def run(
    *args: str | Path,
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    status: int | None = 0,
    stdin: str = "",
    python: tuple[str, ...] | None = None,
) -> Result:
    """Run the installed ``alembic-db`` and wait for it.

    Whatever is tested, two things are checked of every run: no traceback is shown unless
    ``--raiseerr`` asks for one, and the servers' password appears nowhere.

    Args:
        args: the words after the command.
        cwd: the working folder.
        env: changes to the clean environment; None takes a variable away.
        status: the exit status that is expected; None: any.
        stdin: what is typed.
        python: run ``sys.executable`` with these words in place of the console script,
            as in ``("-W", "error", "-m", "alembic_migrate")``.
    """
    if not COMMAND.exists():
        raise FileNotFoundError(f"{COMMAND}: not installed; run pip install -e '.[test]'")
    program = [str(COMMAND)] if python is None else [sys.executable, *python]
    words = [*program, *(str(arg) for arg in args)]
    done = subprocess.run(
        words,
        cwd=cwd,
        env=environment(cwd, env),
        input=stdin.encode(),
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
    check(result, words, status)
    return result


def check(result: Result, words: Sequence[str], status: int | None) -> None:
    """Check what holds for every run: its status, no traceback, no password; see `run()`."""
    said = f"{' '.join(words)}\nexit {result.exit}\n{result.stdout}{result.stderr}"
    assert status is None or result.exit == status, f"expected exit {status}: {said}"
    assert "--raiseerr" in words or "Traceback (most recent call last)" not in said, said
    outputs = result.stdout + result.stderr
    assert PASSWORD not in outputs, f"the password is shown: {said}"
    assert ENCODED_PASSWORD not in outputs, f"the password is shown: {said}"


@dataclass(frozen=True)
class Project:
    """A project in a folder of its own."""

    root: Path

    def write(self, path: str | Path, text: str | bytes) -> Path:
        """Write a file, making its folders; a text is dedented and loses its first newline."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str):
            text = dedent(text).removeprefix("\n").encode()
        file.write_bytes(text)
        return file

    def read(self, path: str | Path) -> str:
        """Return a file's text, its newlines as they are."""
        return (self.root / path).read_bytes().decode()

    def files(self, path: str | Path = ".") -> list[str]:
        """Return the paths of every file at or below `path`, sorted, relative to the root."""
        found = (self.root / path).rglob("*")
        return sorted(file.relative_to(self.root).as_posix() for file in found if file.is_file())

    def run(self, *args: str | Path, cwd: str | Path = ".", **options: Any) -> Result:
        """Run ``alembic-db`` in the project; `cwd` is relative to its root. See `run()`."""
        return run(*args, cwd=self.root / cwd, **options)

    def versions(self, base: str | None = None) -> list[str]:
        """Return the names of a base's revision files, sorted; None: the unnamed base's."""
        folder = self.root / "migrations" / (base or "") / "versions"
        return sorted(file.name for file in folder.glob("*.py"))

    def tables(self, url: str) -> list[str]:
        """Return the names of a database's tables, sorted, version tables among them."""
        import sqlalchemy

        with self.connect(url) as connection:
            return sorted(sqlalchemy.inspect(connection).get_table_names())

    def rows(self, url: str, sql: str) -> list[tuple[Any, ...]]:
        """Return what a query gives."""
        with self.connect(url) as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    def execute(self, url: str, sql: str) -> None:
        """Run a statement and commit."""
        with self.connect(url) as connection:
            connection.exec_driver_sql(sql)
            connection.commit()

    def stamped(self, url: str, version_table: str = "alembic_version") -> list[str]:
        """Return the revisions that a version table names, sorted; empty where there is none."""
        if version_table not in self.tables(url):
            return []
        return sorted(row[0] for row in self.rows(url, f"SELECT version_num FROM {version_table}"))

    def connect(self, url: str) -> Any:
        """Return an open connection; a relative SQLite file is the root's, its engine unpooled."""
        import sqlalchemy
        from sqlalchemy.pool import NullPool

        relative = "sqlite:///"
        if url.startswith(relative) and not url.startswith("sqlite:////"):
            url = f"{relative}{self.root / url.removeprefix(relative)}"
        return sqlalchemy.create_engine(url, poolclass=NullPool).connect()


TUTORIAL = {
    "model/__init__.py": "",
    "model/base.py": """
        from sqlalchemy.orm import declarative_base

        Base = declarative_base()


        def get_base():
            return {"base": Base, "sqlalchemy_url": "sqlite:///demo.db"}
        """,
    "model/book.py": """
        from sqlalchemy import Column, Integer, String

        from model.base import Base


        class Book(Base):
            __tablename__ = "book"

            id = Column(Integer, primary_key=True)
            title = Column(String(100), nullable=False)
        """,
}

TWO_BASES = {
    "pyproject.toml": """
        [tool.alembic-migrate.bases.app]
        metadata = "shop.app:Base"
        url = "${APP_URL:-sqlite:///app.db}"

        [tool.alembic-migrate.bases.reporting]
        metadata = "shop.reporting:metadata"
        url = "${REPORTING_URL:-sqlite:///reporting.db}"
        after = ["app"]
        """,
    "shop/__init__.py": "",
    "shop/app.py": """
        from sqlalchemy import ForeignKey, String
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Customer(Base):
            __tablename__ = "customer"

            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str] = mapped_column(String(100))


        class Purchase(Base):
            __tablename__ = "purchase"

            id: Mapped[int] = mapped_column(primary_key=True)
            customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
        """,
    "shop/reporting.py": """
        from sqlalchemy import Column, Date, Integer, MetaData, Table

        metadata = MetaData()

        turnover = Table(
            "turnover",
            metadata,
            Column("day", Date, primary_key=True),
            Column("cents", Integer, nullable=False),
        )
        """,
}


def make(root: Path, files: Mapping[str, str | bytes]) -> Project:
    """Write a project's files into `root` and return it."""
    root.mkdir(parents=True, exist_ok=True)
    project = Project(root)
    for path, text in files.items():
        project.write(path, text)
    return project


def revision_text(
    revision: str,
    down: str | tuple[str, ...] | None = None,
    *,
    upgrade: str = "pass",
    downgrade: str = "pass",
    message: str = "a step",
    **more: Any,
) -> str:
    """Return a revision file's text as a string for `Project.write`.

    Args:
        revision: its id.
        down: what it comes after.
        upgrade: the statements of ``upgrade()``, one a line.
        downgrade: those of ``downgrade()``.
        message: its docstring.
        more: other module variables, as ``depends_on`` or ``branch_labels``.
    """
    variables = {"branch_labels": None, "depends_on": None} | more
    lines = [f'"""{message}"""', "import sqlalchemy as sa", "from alembic import op", ""]
    lines += [f"revision = {revision!r}", f"down_revision = {down!r}"]
    lines += [f"{name} = {value!r}" for name, value in variables.items()]
    for name, body in (("upgrade", upgrade), ("downgrade", downgrade)):
        lines += ["", "", f"def {name}():"]
        lines += [f"    {line}" for line in dedent(body).strip().splitlines()]
    return "\n".join(lines) + "\n"
