"""The project that the contract is about, and what its commands answer without places."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from textwrap import dedent

import pytest
import sqlalchemy
from alembic.runtime.migration import MigrationContext

from tests import projects
from tests.inprocess import InProcess

NEW_SCRIPTS = "_version.drop" not in inspect.getsource(MigrationContext.run_migrations)

NOT_COMPARED = (
    "the models were not compared, since revisions are pending: check --scratch compares them with "
    "the history"
)

PYPROJECT = """
    [tool.alembic-migrate.bases.app]
    metadata = "shop.app:Base"
    url = "${APP_URL}"

    [tool.alembic-migrate.bases.reporting]
    metadata = "shop.reporting:metadata"
    url = "${REPORTING_URL}"
    after = ["app"]
    """

BASE = """
    from sqlalchemy import Column, Date, ForeignKey, Integer, MetaData, String, Table
    from sqlalchemy.orm import DeclarativeBase

    NAMES = {"ix": "ix_%(column_0_label)s", "fk": "fk_%(table_name)s_%(column_0_name)s"}


    class Base(DeclarativeBase):
        metadata = MetaData(naming_convention=NAMES)


    class Customer(Base):
        __tablename__ = "customer"

        id = Column(Integer, primary_key=True)
        name = Column(String(100), nullable=False)
    """

PURCHASE = """

    class Purchase(Base):
        __tablename__ = "purchase"

        id = Column(Integer, primary_key=True)
    """

KEY = "sa.Column('id', sa.Integer, primary_key=True)"

# A column, an index and a foreign key more.
EMAIL = "    email = Column(String(200), index=True)\n"
CUSTOMER_ID = '    customer_id = Column(Integer, ForeignKey("customer.id"))\n'

REPORTING = """
    from sqlalchemy import Column, Date, Integer, MetaData, Table

    metadata = MetaData()
    turnover = Table(
        "turnover",
        metadata,
        Column("day", Date, primary_key=True),
        Column("cents", Integer, nullable=False),
    )
    """


def lines(text):
    return dedent(text).removeprefix("\n")


@dataclass
class Life:
    """A project with two bases and two databases; its answers with the places taken out."""

    project: projects.Project
    command: InProcess
    sync: dict[str, str]
    env: dict[str, str]
    places: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        for base, url in self.env.items():
            masked = sqlalchemy.make_url(url).render_as_string(hide_password=True)
            self.places[masked] = f"<{base.removesuffix('_URL').lower()}>"
        self.places[str(self.project.root)] = "<root>"

    def run(self, *words, status=0, **env):
        return self.command(self.project, *words, env={**self.env, **env}, status=status)

    def out(self, *words, status=0, **env):
        """Return a command's answer; what it says besides is not looked at."""
        said = self.plain(self.run(*words, status=status, **env).stdout)
        # Earlier releases of Alembic end a script that leaves no version with this.
        return said if NEW_SCRIPTS else said.replace("\nDROP TABLE alembic_version;\n", "")

    def both(self, *words, status=0, **env):
        """Return the answer and, after a line of dashes, what was said besides."""
        done = self.run(*words, status=status, **env)
        return self.plain(f"{done.stdout}---\n{done.stderr}")

    def json(self, *words, status=0):
        done = self.run("--format", "json", "-q", *words, status=status)
        assert done.stderr == ""
        return self.cleaned(done.json)

    def plain(self, text):
        for place, name in self.places.items():
            text = text.replace(place, name)
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", "<now>", text)
        return re.sub(r" +$", "", text, flags=re.MULTILINE)

    def cleaned(self, value):
        """Return a JSON value without places and times."""
        if isinstance(value, dict):
            return {
                key: "<seconds>" if key == "seconds" else self.cleaned(item)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.cleaned(item) for item in value]
        return self.plain(value) if isinstance(value, str) else value

    def table(self, *words, status=0):
        """Return an answer whose columns are separated by bars instead of being aligned."""
        return re.sub(r" {3,}", " | ", self.out(*words, status=status))

    @property
    def serial(self):
        """The type of a primary key of integers."""
        named = {"sqlite": "INTEGER NOT NULL", "postgresql": "SERIAL NOT NULL"}
        return named.get(self.dialect, "INTEGER NOT NULL AUTO_INCREMENT")

    @property
    def dialect(self):
        return sqlalchemy.make_url(self.sync["APP_URL"]).get_backend_name()

    def script(self, text):
        """Return a script as the database's own: PostgreSQL runs it in one transaction."""
        text = lines(text)
        return f"BEGIN;\n\n{text}\nCOMMIT;\n" if self.dialect == "postgresql" else text

    def execute_script(self, base, text):
        """Run a script statement by statement."""
        with self.project.connect(self.sync[f"{base.upper()}_URL"]) as connection:
            raw = connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in text.split(";\n"):
                if statement.strip():
                    raw.exec_driver_sql(statement)

    def write_models(self, *, app=BASE + PURCHASE, reporting=REPORTING):
        self.project.write("shop/app.py", app)
        self.project.write("shop/reporting.py", reporting)

    def schema(self, base="app"):
        """Return what a database really holds: columns, indexes and foreign keys of each table."""
        with self.project.connect(self.sync[f"{base.upper()}_URL"]) as connection:
            look = sqlalchemy.inspect(connection)
            return {
                table: [column["name"] for column in look.get_columns(table)]
                + sorted(
                    index["name"]
                    for index in look.get_indexes(table)
                    if not index["name"].startswith("fk_")  # MariaDB makes one for each of them
                )
                + [
                    f"{key['name']} -> {key['referred_table']}"
                    for key in look.get_foreign_keys(table)
                ]
                for table in sorted(look.get_table_names())
            }

    def stamped(self, base="app"):
        return self.project.stamped(self.sync[f"{base.upper()}_URL"])

    def revision(self, revision, down=None, table=None, base="app", **more):
        """Write a revision that makes a table of its own, as a file."""
        table = table or f"t_{revision}"
        self.project.write(
            f"migrations/{base}/versions/{revision}.py",
            projects.revision_text(
                revision,
                down,
                upgrade=f"op.create_table({table!r}, {KEY})",
                downgrade=f"op.drop_table({table!r})",
                message=f"make {table}",
                **more,
            ),
        )


# For what the drivers have no part in, and for what no database has a part in.
synchronous = pytest.mark.parametrize("driver", ["sqlite", "postgresql", "mariadb"], indirect=True)
on_files_alone = pytest.mark.parametrize("driver", ["sqlite"], indirect=True)
