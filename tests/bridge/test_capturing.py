"""What is known of a revision after it ran offline."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from alembic_migrate.errors import ConfigError
from alembic_migrate.findings import Unrendered
from alembic_migrate.lint.operations import Captured, Column, Operation
from tests import projects
from tests.bridge.conftest import CaptureProject, CaptureUpgrade, files

FIRST = 12  # the line of the first statement of upgrade()

MakeProject = Callable[..., projects.Project]


def lines(captured: Captured) -> list[tuple[str, int]]:
    """Return the kinds of a capture's operations with their lines, the first of them as 0."""
    return [(each.kind, each.line - FIRST) for each in captured.upgrade]


def only(captured: Captured) -> Operation:
    """Return the one operation of a capture that nothing kept from running to its end."""
    assert captured.unrendered is None
    (operation,) = captured.upgrade
    return operation


def test_a_table_is_captured_with_its_columns(captured: CaptureUpgrade):
    found = captured("""
        op.create_table(
            "book",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("author_id", sa.Integer, sa.ForeignKey("people.author.id"), index=True),
            sa.Column("title", sa.String(50), nullable=False, server_default="none"),
            sa.Column("number", sa.Integer, sa.Identity()),
            sa.Column("shelf_id", sa.Integer),
            sa.ForeignKeyConstraint(["shelf_id"], ["shelf.id"]),
            schema="library",
        )
        """)
    made = only(found)
    assert (made.kind, made.call, made.qualified) == (
        "create table",
        "create_table",
        "library.book",
    )
    assert made.file.name == "a1_a_step.py"
    assert made.line == FIRST
    assert made.columns == (
        Column("id", "INTEGER", nullable=False, primary_key=True),
        Column("author_id", "INTEGER", nullable=True, index=True, references=("people.author",)),
        Column("title", "VARCHAR(50)", nullable=False, default="'none'"),
        Column("number", "INTEGER", nullable=False, generated=True),
        Column("shelf_id", "INTEGER", nullable=True, references=("shelf",)),
    )
    assert [statement.split("(")[0] for statement in made.sql] == [
        "CREATE TABLE library.book ",
        "CREATE INDEX ix_book_author_id ON library.book ",
    ]
    assert found.sql == made.sql


@pytest.mark.parametrize(
    ("dialect", "type_", "default"),
    [
        ("sqlite", "DATETIME", "(CURRENT_TIMESTAMP)"),
        ("postgresql", "TIMESTAMP WITHOUT TIME ZONE", "now()"),
        ("mysql", "DATETIME", "now()"),
        ("mariadb", "DATETIME", "now()"),
    ],
)
def test_types_and_defaults_are_as_the_dialect_writes_them(
    captured: CaptureUpgrade, dialect: str, type_: str, default: str
):
    found = captured(
        'op.add_column("book", sa.Column("at", sa.DateTime, server_default=sa.func.now()))',
        dialect=dialect,
    )
    default = {"sqlite": "CURRENT_TIMESTAMP"}.get(dialect, default)
    assert found.dialect == dialect
    assert only(found).columns == (Column("at", type_, nullable=True, default=default),)


def test_a_column_that_is_altered_is_told_before_and_after(captured: CaptureUpgrade):
    found = captured("""
        op.alter_column(
            "book", "title", type_=sa.Text(), existing_type=sa.String(50), nullable=False,
            existing_nullable=True, server_default=None, existing_server_default="none",
            postgresql_using="title::text", new_column_name="name",
        )
        """)
    altered = only(found)
    assert altered.columns == (Column("title", "TEXT", nullable=False),)
    assert altered.before == Column("title", "VARCHAR(50)", nullable=True, default="'none'")
    assert (altered.default_changes, altered.using) == (True, "title::text")
    assert altered.new_name == "name"
    assert altered.sql == (
        "ALTER TABLE book ALTER COLUMN title TYPE TEXT USING title::text",
        "ALTER TABLE book ALTER COLUMN title SET NOT NULL",
        "ALTER TABLE book ALTER COLUMN title DROP DEFAULT",
        "ALTER TABLE book RENAME title TO name",
    )


def test_what_an_alteration_does_not_say_is_none(captured: CaptureUpgrade):
    altered = only(captured('op.alter_column("book", "title", nullable=True)'))
    assert altered.columns == (Column("title", nullable=True),)
    assert altered.before == Column("title")
    assert not altered.default_changes


def test_indexes_and_constraints_have_the_names_of_the_convention(captured: CaptureUpgrade):
    found = captured("""
        op.create_index(None, "book", ["title", sa.text("lower(title)")], unique=True,
                        postgresql_concurrently=True, if_not_exists=True)
        op.create_unique_constraint(None, "book", ["isbn"])
        op.create_index(op.f("ix_mine"), "book", ["isbn"])
        op.drop_index("ix_mine", postgresql_concurrently=True, if_exists=True)
        """)
    concurrent, unique, mine, dropped = found.upgrade
    assert (concurrent.name, concurrent.unique, concurrent.concurrently, concurrent.if_exists) == (
        "ix_book_title",
        True,
        True,
        True,
    )
    assert concurrent.columns == (Column("title"), Column("lower(title)"))
    assert (unique.name, unique.constraint, unique.columns) == (
        "uq_book_isbn",
        "unique",
        (Column("isbn"),),
    )
    assert (mine.name, mine.concurrently) == ("ix_mine", False)
    assert (dropped.kind, dropped.name, dropped.table) == ("drop index", "ix_mine", None)
    assert (dropped.concurrently, dropped.if_exists) == (True, True)


def test_every_kind_of_constraint_is_told(captured: CaptureUpgrade):
    found = captured("""
        op.create_primary_key("pk", "book", ["id"])
        op.create_foreign_key("fk", "book", "author", ["author_id"], ["id"],
                              source_schema="a", referent_schema="b", postgresql_not_valid=True)
        op.create_check_constraint("ck", "book", sa.column("year") > 0)
        op.create_exclude_constraint("ex", "book", (sa.column("year"), "="))
        op.drop_constraint("fk", "book", type_="foreignkey")
        op.drop_constraint("other", "book")
        """)
    assert [(each.constraint, each.name) for each in found.upgrade] == [
        ("primary key", "pk"),
        ("foreign key", "fk"),
        ("check", "ck"),
        ("exclude", "ex"),
        ("foreign key", "fk"),
        (None, "other"),
    ]
    foreign = found.upgrade[1]
    assert (foreign.qualified, foreign.references) == ("a.book", "b.author")
    assert foreign.not_valid


def test_other_operations_have_their_kinds(captured: CaptureUpgrade):
    found = captured("""
        op.rename_table("book", "volume", schema="a")
        op.drop_column("volume", "title")
        op.create_table_comment("volume", "said")
        op.drop_table_comment("volume")
        op.bulk_insert(sa.table("volume", sa.column("id", sa.Integer)), [{"id": 1}, {"id": 2}])
        op.execute(sa.table("volume", sa.column("id", sa.Integer)).delete())
        op.execute("UPDATE volume SET a = 1; UPDATE volume SET b = 2;")
        op.drop_table("volume", if_exists=True)
        """)
    assert [(each.kind, each.table) for each in found.upgrade] == [
        ("rename table", "book"),
        ("drop column", "volume"),
        ("table comment", "volume"),
        ("table comment", "volume"),
        ("bulk insert", "volume"),
        ("execute", None),
        ("execute", None),
        ("drop table", "volume"),
    ]
    assert found.upgrade[0].new_name == "volume"
    assert found.upgrade[1].columns == (Column("title"),)
    assert found.upgrade[4].sql == (
        "INSERT INTO volume (id) VALUES (1)",
        "INSERT INTO volume (id) VALUES (2)",
    )
    assert found.upgrade[5].sql == ("DELETE FROM volume",)
    assert found.upgrade[6].sql == ("UPDATE volume SET a = 1; UPDATE volume SET b = 2",)
    assert found.upgrade[7].if_exists


def test_a_batch_has_the_line_of_each_operation_and_its_sql_at_the_end(captured: CaptureUpgrade):
    found = captured("""
        with op.batch_alter_table("book", schema="a") as batch:
            batch.add_column(
                sa.Column("year", sa.Integer),
            )
            batch.execute("UPDATE book SET year = 1")
            batch.drop_column("title")
            batch.execute("UPDATE book SET year = 2")
        op.drop_table("author")
        """)
    assert lines(found) == [
        ("add column", 1),
        ("execute", 4),
        ("drop column", 5),
        ("execute", 6),
        ("drop table", 7),
    ]
    assert [each.batch for each in found.upgrade] == [True, True, True, True, False]
    assert not any(each.recreates for each in found.upgrade)
    assert found.upgrade[0].qualified == "a.book"
    assert [each.sql for each in found.upgrade] == [
        (),
        ("UPDATE book SET year = 1",),
        ("ALTER TABLE a.book ADD COLUMN year INTEGER", "ALTER TABLE a.book DROP COLUMN title"),
        ("UPDATE book SET year = 2",),
        ("DROP TABLE author",),
    ]


def test_a_batch_that_copies_its_table_is_captured_without_its_sql(captured: CaptureUpgrade):
    found = captured(
        """
        with op.batch_alter_table("book") as batch:
            batch.drop_column("title")
        with op.batch_alter_table("book") as batch:
            batch.add_column(sa.Column("year", sa.Integer))
        """,
        dialect="sqlite",
    )
    assert [(each.kind, each.recreates, each.sql) for each in found.upgrade] == [
        ("drop column", True, ()),
        ("add column", False, ("ALTER TABLE book ADD COLUMN year INTEGER",)),
    ]
    assert found.unrendered is None
    assert found.without_sql == (
        Unrendered(
            FIRST, 'the batch on "book" makes the table anew, and has to read first what it is now'
        ),
    )


def test_a_batch_that_is_given_its_table_has_its_sql(captured: CaptureUpgrade):
    found = captured(
        """
        book = sa.Table("book", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("t", sa.Text))
        with op.batch_alter_table("book", copy_from=book) as batch:
            batch.drop_column("t")
        with op.batch_alter_table("book", copy_from=book, recreate="always"):
            pass
        """,
        dialect="sqlite",
    )
    dropped, again = found.upgrade
    assert (dropped.recreates, dropped.sql[2:]) == (
        True,
        ("DROP TABLE book", "ALTER TABLE _alembic_tmp_book RENAME TO book"),
    )
    assert (again.kind, again.call, again.table, again.line) == (
        "other",
        "batch_alter_table",
        "book",
        FIRST + 3,
    )
    assert again.sql[2:] == dropped.sql[2:]
    assert found.without_sql == ()


def test_what_a_batch_may_not_do_ends_the_capture_there(captured: CaptureUpgrade):
    found = captured(
        """
        with op.batch_alter_table("book") as batch:
            batch.alter_column("title", nullable=False)
        op.drop_table("book")
        """,
        dialect="mysql",
    )
    assert lines(found) == [("alter column", 1)]
    assert found.unrendered is not None
    assert found.unrendered.line == FIRST
    assert found.unrendered.message.startswith("CommandError: ")


def test_an_autocommit_block_is_seen(captured: CaptureUpgrade):
    found = captured("""
        op.execute("SELECT 1")
        with op.get_context().autocommit_block():
            op.execute("VACUUM")
        op.execute("SELECT 2")
        """)
    assert [each.autocommit for each in found.upgrade] == [False, True, False]
    assert found.sql == ("SELECT 1", "COMMIT", "VACUUM", "BEGIN", "SELECT 2")
    assert [each.sql for each in found.upgrade] == [("SELECT 1",), ("VACUUM",), ("SELECT 2",)]


def test_what_is_executed_without_op_is_captured(captured: CaptureUpgrade):
    found = captured("""
        op.get_bind().execute(sa.text("DELETE FROM book"))
        op.get_context().execute("DELETE FROM author")
        sa.Table("shelf", sa.MetaData(), sa.Column("id", sa.Integer)).create(op.get_bind())
        """)
    assert lines(found) == [("execute", 0), ("execute", 1), ("execute", 2)]
    assert [each.sql[0].split("(")[0] for each in found.upgrade] == [
        "DELETE FROM book",
        "DELETE FROM author",
        "CREATE TABLE shelf ",
    ]


def test_a_revision_that_asks_the_database_is_told_with_its_line(captured: CaptureUpgrade):
    found = captured("""
        op.drop_table("book")
        for row in op.get_bind().execute(sa.text("SELECT 1")).fetchall():
            op.execute("never")
        """)
    assert lines(found) == [("drop table", 0), ("execute", 1)]
    assert found.unrendered == Unrendered(
        FIRST + 1, "AttributeError: 'NoneType' object has no attribute 'fetchall'"
    )


def test_a_value_that_has_no_literal_stops_nothing(captured: CaptureUpgrade):
    found = captured("""
        op.bulk_insert(sa.table("book", sa.column("id")), [{"id": object()}])
        op.drop_table("book")
        """)
    assert lines(found) == [("bulk insert", 0), ("drop table", 1)]
    assert found.unrendered is None
    assert [(each.line, each.message.split(":")[0]) for each in found.without_sql] == [
        (FIRST, "CompileError")
    ]


def test_a_revision_that_asks_whether_it_is_offline_is_known(captured: CaptureUpgrade):
    found = captured("""
        from alembic import context
        if context.is_offline_mode():
            op.execute("SELECT 1")
        else:
            op.drop_table("book")
        """)
    assert found.sql == ("SELECT 1",)
    assert found.asks_offline == FIRST + 1
    assert captured("pass").asks_offline is None


def test_the_downgrade_is_captured_too(captured: CaptureUpgrade):
    found = captured("pass", downgrade='op.drop_table("book")\nraise KeyError("no way")')
    assert found.upgrade == ()
    assert found.downgrade is not None
    assert [(each.kind, each.line) for each in found.downgrade] == [("drop table", FIRST + 4)]
    assert found.downgrade_unrendered == Unrendered(FIRST + 5, "KeyError: 'no way'")
    assert found.sql == ()


@pytest.mark.parametrize(
    ("dialect", "transactional"),
    [("sqlite", True), ("postgresql", True), ("mysql", False), ("mariadb", False)],
)
def test_what_rolls_back_is_known(captured: CaptureUpgrade, dialect: str, transactional: bool):
    assert captured("pass", dialect=dialect).transactional is transactional


def test_a_helper_counts_where_the_file_calls_it(
    project: MakeProject, capture_project: CaptureProject
):
    helpers = """
        import sqlalchemy as sa

        def add_name(op, table):
            op.add_column(table, sa.Column("name", sa.Text))
        """
    text = '''
        """a step"""
        from alembic import op
        from helpers import add_name

        revision = "a1"
        down_revision = None


        def own(table):
            op.drop_table(
                table
            )


        def upgrade():
            add_name(
                op, "book"
            )
            own("book")
        '''
    made = project(
        files("postgresql", **{"helpers.py": helpers, "migrations/versions/a1.py": text})
    )
    (found,) = capture_project(made, "a1", downgrades=True)
    assert [(each.call, each.line) for each in found.upgrade] == [
        ("add_column", 16),
        ("drop_table", 10),
    ]
    assert (found.revision, found.message, found.down_revisions) == ("a1", "a step", ())
    assert found.downgrade is None


PLUGIN = """
    from alembic.operations import MigrateOperation, Operations


    @Operations.register_operation("create_sequence")
    class CreateSequence(MigrateOperation):
        def __init__(self, name):
            self.name = name

        @classmethod
        def create_sequence(cls, operations, name):
            return operations.invoke(cls(name))


    @Operations.implementation_for(CreateSequence)
    def _create_sequence(operations, operation):
        operations.execute(f"CREATE SEQUENCE {operation.name}")
        operations.impl.static_output("COMMENT;")
    """


@pytest.fixture
def forgotten_plugin():
    """Take the plugin's operation away again, which Alembic keeps by its class."""
    yield
    from alembic.operations import Operations

    del Operations.create_sequence


@pytest.mark.usefixtures("forgotten_plugin")
def test_operations_of_plugins_are_told_by_name(
    project: MakeProject, capture_project: CaptureProject
):
    text = projects.revision_text(
        "a1",
        upgrade="""
        from plugin import CreateSequence
        op.create_sequence("s1")
        op.invoke(CreateSequence("s2"))
        """,
    )
    made = project(files("postgresql", **{"plugin.py": PLUGIN, "migrations/versions/a1.py": text}))
    (found,) = capture_project(made, "a1")
    assert [(each.kind, each.call, each.line, each.sql) for each in found.upgrade] == [
        ("other", "create_sequence", FIRST + 1, ("COMMENT",)),
        ("execute", "execute", FIRST + 1, ("CREATE SEQUENCE s1",)),
        ("other", "CreateSequence", FIRST + 2, ("COMMENT",)),
        ("execute", "execute", FIRST + 2, ("CREATE SEQUENCE s2",)),
    ]


OWN = """
    from alembic import context
    from models import metadata


    def offline():
        context.configure(url=context.config.get_main_option("sqlalchemy.url"),
                          target_metadata=metadata, literal_binds=True,
                          transactional_ddl=False)
        context.run_migrations(word="said")


    def online():
        from sqlalchemy import create_engine
        with create_engine("sqlite://").connect() as connection:
            context.configure(connection=connection, target_metadata=metadata)
            context.run_migrations()


    """


def test_an_own_environment_runs_as_for_a_script(
    project: MakeProject, capture_project: CaptureProject
):
    text = projects.revision_text("a1", upgrade='op.execute("SELECT 1")').replace(
        "def upgrade():", "def upgrade(word):\n    op.create_index(None, word, ['a'])"
    )
    env = OWN + "offline() if context.is_offline_mode() else online()\n"
    own = {"migrations/env.py": env, "migrations/versions/a1.py": text}
    (found,) = capture_project(project(files("postgresql", **own)), "a1")
    assert found.transactional is False
    assert found.sql == ("CREATE INDEX ix_said_a ON said (a)", "SELECT 1")


def test_an_environment_that_connects_is_refused(
    project: MakeProject, capture_project: CaptureProject
):
    own = {
        "migrations/env.py": OWN + "online()\n",
        "migrations/versions/a1.py": projects.revision_text("a1"),
    }
    made = project(files("postgresql", **own))
    with pytest.raises(ConfigError) as refused:
        capture_project(made, "a1")
    assert refused.value.message == (
        f"{made.root}/migrations/env.py connects to a database although it is asked for SQL alone"
    )


def test_an_environment_of_several_databases_yields_a_revision_for_each(
    project: MakeProject, capture_project: CaptureProject
):
    env = """
        from alembic import context

        for dialect in ("postgresql", "mysql"):
            context.configure(dialect_name=dialect)
            context.run_migrations()
        """
    versions = {
        f"migrations/versions/{name}.py": projects.revision_text(
            name, down, upgrade='op.drop_table("book")'
        )
        for name, down in (("a1", None), ("b2", "a1"))
    }
    made = project(files("postgresql", **{"migrations/env.py": env}, **versions))
    found = capture_project(made, "b2", "a1")
    assert [(each.revision, each.dialect) for each in found] == [
        ("b2", "postgresql"),
        ("b2", "mysql"),
        ("a1", "postgresql"),
        ("a1", "mysql"),
    ]
    assert {each.sql for each in found} == {("DROP TABLE book",)}


def test_five_hundred_revisions_take_seconds(project: MakeProject, capture_project: CaptureProject):
    body = """
        op.create_table("t{0}", sa.Column("id", sa.Integer, primary_key=True))
        op.add_column("t{0}", sa.Column("name", sa.String(50), nullable=False, server_default=""))
        op.create_index("ix_{0}", "t{0}", ["name"])
        """
    ids = [f"r{number:04}" for number in range(500)]
    versions = {
        f"migrations/versions/{each}.py": projects.revision_text(
            each, before, upgrade=body.format(each), downgrade=f'op.drop_table("t{each}")'
        )
        for before, each in zip([None, *ids], ids, strict=False)
    }
    made = project(files("postgresql", **versions))
    begun = time.process_time()
    found = capture_project(made, *ids, downgrades=True)
    seconds = time.process_time() - begun
    assert [len(each.sql) for each in found] == [3] * 500
    assert seconds < 10, "it takes one or two where nothing else runs"
