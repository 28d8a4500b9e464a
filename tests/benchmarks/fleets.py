"""Times fleets of tenants, each a schema of one PostgreSQL database, against other tools.

    python -m tests.benchmarks.fleets [--tenants N ...] [--revisions N] [--peers NAME ...]
        [--jobs N] [--markdown FILE]

For each number of tenants every tool upgrades the same schemas from nothing, and then once more,
when there is nothing to do. The peers are a process that loops ``alembic.command`` (``loop``), a
shell loop of ``alembic`` (``shell``), and django-tenants' ``migrate_schemas`` with either executor
(``django-standard``, ``django-multiprocessing``); who is not installed is left out. The server is
the tests' own, on a free port. Seconds are wall time of whole processes; the memory is the largest
resident set of any one process. A ratio is below 1 where `alembic-db` is the faster.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.servers import PASSWORD, USER, start_postgresql

PROGRAMS = Path(sys.executable).parent
OURS = "alembic-db"
PEERS = ("loop", "shell", "django-standard", "django-multiprocessing")

PYPROJECT = """
[tool.alembic-migrate]
metadata = "models:metadata"
url = "${{BENCH_URL}}"

[tool.alembic-migrate.tenants]
names = {names}
"""

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
for number in range({revisions}):
    sa.Table(
        f"table_{{number}}",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, index=True),
    )
"""

REVISION = '''"""table {number}"""
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
    op.create_index("ix_table_{number}_name", "table_{number}", ["name"])


def downgrade():
    op.drop_table("table_{number}")
'''

ENV = """
import os

from alembic import context
from sqlalchemy import create_engine, pool, text

from models import metadata

schema = context.get_x_argument(as_dictionary=True)["tenant"]
with create_engine(os.environ["BENCH_URL"], poolclass=pool.NullPool).connect() as connection:
    connection.execute(text(f'SET search_path TO "{schema}"'))
    connection.commit()
    connection.dialect.default_schema_name = schema
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
"""

LOOP = """
import sys
from types import SimpleNamespace

from alembic import command
from alembic.config import Config

config = Config("alembic.ini")
for tenant in sys.argv[1:]:
    config.cmd_opts = SimpleNamespace(x=[f"tenant={tenant}"])
    command.upgrade(config, "head")
"""

SETTINGS = """
import os

SECRET_KEY = "bench"
SHARED_APPS = ["django_tenants", "customers", "django.contrib.contenttypes"]
INSTALLED_APPS = [*SHARED_APPS, "shop"]
TENANT_APPS = ["shop"]
TENANT_MODEL = "customers.Client"
TENANT_DOMAIN_MODEL = "customers.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DATABASES = {"default": {
    "ENGINE": "django_tenants.postgresql_backend", "NAME": os.environ["BENCH_DATABASE"],
    "USER": os.environ["BENCH_USER"], "PASSWORD": os.environ["BENCH_PASSWORD"],
    "HOST": "127.0.0.1", "PORT": os.environ["BENCH_PORT"],
}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
TENANT_MULTIPROCESSING_MAX_PROCESSES = int(os.environ["BENCH_JOBS"])
USE_TZ = True
"""

CUSTOMERS = """
from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    auto_create_schema = False


class Domain(DomainMixin):
    pass
"""

DJANGO_MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = {dependencies}
    operations = [migrations.CreateModel(
        name="Table{number}",
        fields=[
            ("id", models.AutoField(primary_key=True, serialize=False)),
            ("name", models.CharField(max_length=100, db_index=True)),
        ],
        options={{"db_table": "table_{number}"}},
    )]
"""


@dataclass(frozen=True)
class Place:
    """Where one round runs: the project's folder, the database, and what every program is told."""

    root: Path
    database: str
    port: int
    jobs: int

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the programs."""
        url = f"postgresql+psycopg://{USER}:{PASSWORD.replace('@', '%40')}@127.0.0.1:{self.port}"
        told = {
            "BENCH_URL": f"{url}/{self.database}",
            "BENCH_DATABASE": self.database,
            "BENCH_USER": USER,
            "BENCH_PASSWORD": PASSWORD,
            "BENCH_PORT": str(self.port),
            "BENCH_JOBS": str(self.jobs),
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(self.root),
            "HOME": str(self.root),
        }
        return {**os.environ, **told}


@dataclass(frozen=True)
class Taken:
    """What a run took: seconds of wall time and kilobytes of the largest process."""

    seconds: float
    memory: int


def main() -> None:
    """Make the fleets, time the tools and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tenants", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--revisions", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS)
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    peers = [peer for peer in given.peers if is_there(peer)]
    server = start_postgresql()
    try:
        lines = [f"{given.revisions} revisions, {given.jobs} processes\n"]
        lines += ["| tenants | work | tool | seconds | ms a tenant | MB | alembic-db is |"]
        lines += ["| ---: | --- | --- | ---: | ---: | ---: | ---: |"]
        print("\n".join(lines), flush=True)
        for tenants in given.tenants:
            for line in measure(server.port, tenants, given.revisions, given.jobs, peers):
                lines.append(line)
                print(line, flush=True)
        if given.markdown:
            given.markdown.write_text("\n".join(lines) + "\n")
    finally:
        server.stop()


def is_there(peer: str) -> bool:
    """Tell whether a peer is installed."""
    return not peer.startswith("django") or importlib.util.find_spec("django_tenants") is not None


def measure(
    port: int, tenants: int, revisions: int, jobs: int, peers: Sequence[str]
) -> Iterator[str]:
    """Run every tool on the same number of tenants and yield the table's lines."""
    found: dict[str, dict[str, Taken]] = {"from nothing": {}, "at head": {}}
    for tool in (OURS, *peers):
        with fleet(port, tenants, revisions, jobs) as place:
            for taken in found.values():
                taken[tool] = run(place, tool, tenants)
    for work, taken in found.items():
        for tool, its in taken.items():
            ratio = f"{taken[OURS].seconds / its.seconds:.2f}" if tool != OURS else ""
            cells = [
                str(tenants),
                work,
                tool,
                f"{its.seconds:.2f}",
                f"{its.seconds / tenants * 1000:.1f}",
                f"{its.memory / 1024:.0f}",
                ratio,
            ]
            yield f"| {' | '.join(cells)} |"


@contextmanager
def fleet(port: int, tenants: int, revisions: int, jobs: int) -> Iterator[Place]:
    """Make a project and a database with empty schemas, and drop them again."""
    database = f"fleet_{tenants}"
    with tempfile.TemporaryDirectory(prefix="fleets-") as folder:
        place = Place(Path(folder), database, port, jobs)
        administer(port, "postgres", f"CREATE DATABASE {database}")
        try:
            schemas = [f"CREATE SCHEMA {name}" for name in names(tenants)]
            administer(port, database, *schemas)
            write(place, names(tenants), revisions)
            yield place
        finally:
            administer(port, "postgres", f"DROP DATABASE {database} WITH (FORCE)")


def names(tenants: int) -> list[str]:
    """Return the names of so many tenants."""
    return [f"tenant_{number:05}" for number in range(tenants)]


def administer(port: int, database: str, *statements: str) -> None:
    """Run statements, each by itself."""
    with psycopg.connect(
        host="127.0.0.1", port=port, user=USER, password=PASSWORD, dbname=database, autocommit=True
    ) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def write(place: Place, tenants: Sequence[str], revisions: int) -> None:
    """Write the project for every tool."""
    root = place.root
    files: dict[str, str] = {
        "pyproject.toml": PYPROJECT.format(names=list(tenants)),
        "models.py": MODELS.format(revisions=revisions),
        "alembic.ini": "[alembic]\nscript_location = %(here)s/with_alembic\n",
        "with_alembic/env.py": ENV,
        "loop.py": LOOP,
        "settings.py": SETTINGS,
        "customers/__init__.py": "",
        "customers/models.py": CUSTOMERS,
        "customers/migrations/__init__.py": "",
        "shop/__init__.py": "",
        "shop/migrations/__init__.py": "",
        "manage.py": "from django.core.management import execute_from_command_line as run\n"
        "import sys\n\nrun(sys.argv)\n",
    }
    down = None
    for number in range(revisions):
        revision = f"{number:012x}"
        text = REVISION.format(number=number, revision=revision, down=down)
        for folder in ("migrations", "with_alembic"):
            files[f"{folder}/versions/{revision}.py"] = text
        before = [("shop", f"m{number - 1:04}")] if number else []
        files[f"shop/migrations/m{number:04}.py"] = DJANGO_MIGRATION.format(
            dependencies=before, number=number
        )
        down = revision
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(textwrap.dedent(text))


def run(place: Place, tool: str, tenants: int) -> Taken:
    """Upgrade every tenant with one tool."""
    if tool.startswith("django"):
        prepare_django(place, tenants)
        executor = tool.removeprefix("django-")
        words = ["manage.py", "migrate_schemas", "--tenant", "--executor", executor]
        return timed(place, [[sys.executable, *words]])
    if tool == "loop":
        return timed(place, [[sys.executable, "loop.py", *names(tenants)]])
    if tool == "shell":
        program = str(PROGRAMS / "alembic")
        return timed(
            place, [[program, "-x", f"tenant={name}", "upgrade", "head"] for name in names(tenants)]
        )
    return timed(place, [[str(PROGRAMS / OURS), "upgrade", "--jobs", str(place.jobs), "-q"]])


def prepare_django(place: Place, tenants: int) -> None:
    """Make the shared tables and the tenants' rows once; that is not timed."""
    if (place.root / "customers/migrations/0001_initial.py").exists():
        return
    timed(place, [[sys.executable, "manage.py", "makemigrations", "customers"]])
    timed(place, [[sys.executable, "manage.py", "migrate_schemas", "--shared"]])
    rows = ", ".join(f"('{name}')" for name in names(tenants))
    insert = f"INSERT INTO customers_client (schema_name) VALUES {rows}"
    administer(place.port, place.database, insert)


def timed(place: Place, commands: Sequence[Sequence[str]]) -> Taken:
    """Run programs one after the other.

    Raises:
        SystemExit: one failed; its outputs are the message.
    """
    memory = 0
    start = time.perf_counter()
    for command in commands:
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen(
                command, cwd=place.root, env=place.environment, stdout=out, stderr=out
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            memory = max(memory, usage.ru_maxrss)
            if process.returncode:
                out.seek(0)
                raise SystemExit(f"{' '.join(command)} failed:\n{out.read().decode()[-4000:]}")
    return Taken(time.perf_counter() - start, memory)


if __name__ == "__main__":
    main()
