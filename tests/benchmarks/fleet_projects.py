"""The projects that the benchmark of fleets migrates: one folder with what every tool needs."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

PYPROJECT = """
[tool.alembic-migrate]
metadata = "models:metadata"
{url}
[tool.alembic-migrate.tenants]
names = {names}
{place}
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

tenant = context.get_x_argument(as_dictionary=True)["tenant"]
url = os.environ["BENCH_URL"].replace("{tenant}", tenant)
with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    if "{tenant}" not in os.environ["BENCH_URL"]:
        connection.execute(text(f'SET search_path TO "{tenant}"'))
        connection.commit()
        connection.dialect.default_schema_name = tenant
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

DRIVER = """
import multiprocessing
import os
import sys

import psycopg

REVISIONS = {revisions}


def upgrade(tenants):
    address = os.environ["BENCH_URL"].replace("+psycopg", "")
    for tenant in tenants:
        with psycopg.connect(address.replace("{{tenant}}", tenant)) as connection:
            if "{{tenant}}" not in address:
                connection.execute(f"SET search_path TO {{tenant}}")
            versions = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
            if versions != (None,):
                assert connection.execute("SELECT version_num FROM alembic_version").fetchall()
                continue
            connection.execute(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
                "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
            )
            connection.execute("INSERT INTO alembic_version VALUES ('')")
            for number in range(REVISIONS):
                connection.execute(
                    f"CREATE TABLE table_{{number}} (id SERIAL NOT NULL, "
                    "name VARCHAR(100) NOT NULL, PRIMARY KEY (id))"
                )
                connection.execute(
                    f"CREATE INDEX ix_table_{{number}}_name ON table_{{number}} (name)"
                )
                connection.execute(f"UPDATE alembic_version SET version_num = '{{number:012x}}'")
                connection.commit()


if __name__ == "__main__":
    jobs = int(os.environ["BENCH_JOBS"])
    every = [
        multiprocessing.Process(target=upgrade, args=(sys.argv[1 + job :: jobs],))
        for job in range(jobs)
    ]
    for process in every:
        process.start()
    for process in every:
        process.join()
    sys.exit(any(process.exitcode for process in every))
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

# How a base says where its tenants are, by the kind of place.
_PLACES = {
    "schemas": ('url = "${BENCH_URL}"\n', ""),
    "databases": ("", 'url = "${BENCH_URL}"'),
    "files": ("", 'url = "${BENCH_URL}"'),
}


def names(tenants: int) -> list[str]:
    """Return the names of so many tenants."""
    return [f"tenant_{number:05}" for number in range(tenants)]


def write(root: Path, kind: str, tenants: Sequence[str], revisions: int) -> None:
    """Write the project for every tool.

    Args:
        root: the folder.
        kind: what a tenant is: one of ``schemas``, ``databases`` and ``files``.
        tenants: their names.
        revisions: how many there are, each of which makes one table and one index.
    """
    url, place = _PLACES[kind]
    files: dict[str, str] = {
        "pyproject.toml": PYPROJECT.format(url=url, names=list(tenants), place=place),
        "models.py": MODELS.format(revisions=revisions),
        "alembic.ini": "[alembic]\nscript_location = %(here)s/with_alembic\n",
        "with_alembic/env.py": ENV,
        "loop.py": LOOP,
        "driver.py": DRIVER.format(revisions=revisions),
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
