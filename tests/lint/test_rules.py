"""What single rules find beyond their examples, and what they leave alone."""

from __future__ import annotations

import ast

import pytest

from tests.lint.conftest import APPLICATION, FIRST, Judge
from tests.lint.test_examples import expected

POSTGRESQL = "postgresql"


def codes(judged: Judge, example: str, dialect: str = POSTGRESQL) -> list[str]:
    """Return the codes that are found, without those about data that is beside DDL."""
    return [each.code for each in judged(example, dialect) if each.code != "ADB501"]


# What is written in Python and in SQL is the same to the rules.
FOUND = [
    ('op.execute("DROP TABLE a, b")', ["ADB101", "ADB101"]),
    ('op.execute("ALTER TABLE a DROP COLUMN b, ADD c int NOT NULL")', ["ADB102", "ADB201"]),
    ('op.execute("DROP SCHEMA s")', []),
    ('op.execute("DROP SCHEMA s CASCADE")', ["ADB103"]),
    ('op.execute("DROP DATABASE s")', ["ADB103"]),
    ('op.execute("TRUNCATE a, b")', ["ADB104", "ADB104"]),
    ('op.execute(sa.table("a").delete())', ["ADB104"]),
    ('op.execute("WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x")', ["ADB104"]),
    ("op.execute(\"SELECT 'DROP TABLE a'\")", []),
    ('with op.batch_alter_table("a") as b:\n    b.drop_column("c")', ["ADB102"]),
    # Columns
    ('op.add_column("a", sa.Column("b", sa.Integer, nullable=False, server_default="0"))', []),
    ('op.execute("ALTER TABLE a ADD b int NOT NULL DEFAULT 0")', []),
    ('op.execute("ALTER TABLE a ADD b int GENERATED ALWAYS AS IDENTITY")', ["ADB307"]),
    ('op.add_column("a", sa.Column("b", sa.Integer, sa.Identity(), nullable=False))', ["ADB307"]),
    ('op.add_column("a", sa.Column("b", sa.Integer, sa.Computed("c + 1")))', ["ADB307"]),
    ('op.execute("ALTER TABLE a ADD b bigserial NOT NULL")', ["ADB307"]),
    ('op.execute("ALTER TABLE a ADD b int DEFAULT my_own(1)")', ["ADB307"]),
    ("op.execute(\"ALTER TABLE a ADD b text DEFAULT 'random()'\")", []),
    ("op.execute(\"ALTER TABLE a ADD b int DEFAULT ('1')::numeric(3, 0)::int\")", []),
    ("op.execute(\"ALTER TABLE a ADD b timestamp DEFAULT now() + interval '1 day'\")", []),
    # What a column brings with it
    (
        'op.add_column("a", sa.Column("b", sa.Integer, sa.ForeignKey("c.id")))',
        ["ADB304"],
    ),
    ('op.add_column("a", sa.Column("b", sa.Integer, index=True))', ["ADB301"]),
    ('op.add_column("a", sa.Column("b", sa.Integer, unique=True))', ["ADB308"]),
    ('op.execute("ALTER TABLE a ADD b int REFERENCES c (id)")', []),
    (
        'with op.batch_alter_table("a") as b:\n    b.add_column(sa.Column("c", sa.Text, index=1))',
        ["ADB301"],
    ),
    # NOT NULL
    ('op.alter_column("a", "b", existing_nullable=False, nullable=False)', []),
    ('op.alter_column("a", "b", nullable=True)', []),
    ('op.execute("UPDATE a SET b = 1")\nop.alter_column("a", "b", nullable=False)', ["ADB303"]),
    (
        'op.execute("UPDATE a SET c = 1")\nop.alter_column("a", "b", nullable=False)',
        ["ADB202", "ADB303"],
    ),
    (
        (
            'op.add_column("a", sa.Column("b", sa.Integer, server_default="0"))\n'
            'op.alter_column("a", "b", nullable=False)'
        ),
        ["ADB303"],
    ),
    (
        (
            'op.execute("ALTER TABLE a VALIDATE CONSTRAINT it")\n'
            'op.alter_column("a", "b", nullable=False)\nop.drop_constraint("it", "a")'
        ),
        [],
    ),
    (
        (
            'op.execute("ALTER TABLE a VALIDATE CONSTRAINT it")\n'
            'op.alter_column("a", "b", nullable=False)'
        ),
        ["ADB202", "ADB303"],
    ),
    # Types
    ('op.alter_column("a", "b", type_=sa.BigInteger())', ["ADB306"]),
    ('op.execute("ALTER TABLE a ALTER b TYPE text")', ["ADB306"]),
    (
        'op.alter_column("a", "b", existing_type=sa.String(9), type_=sa.Text())',
        [],
    ),
    (
        (
            'op.alter_column("a", "b", existing_type=sa.String(9), type_=sa.Text(),'
            ' postgresql_using="lower(b)")'
        ),
        ["ADB306"],
    ),
    (
        'op.alter_column("a", "b", existing_type=sa.String(9), type_=sa.String(5))',
        ["ADB204", "ADB306"],
    ),
    (
        'op.alter_column("a", "b", existing_type=sa.DateTime(), type_=sa.DateTime(timezone=True))',
        ["ADB306"],
    ),
    # Uniqueness
    ('op.create_index("ix", "a", ["b"], unique=True)', ["ADB203", "ADB301"]),
    (
        'op.add_column("a", sa.Column("b", sa.Text))\nop.create_unique_constraint("u", "a", ["b"])',
        ["ADB308"],
    ),
    (
        (
            'op.add_column("a", sa.Column("b", sa.Text, server_default="x"))\n'
            'op.create_unique_constraint("uq", "a", ["b"])'
        ),
        ["ADB203", "ADB308"],
    ),
    ('op.execute("ALTER TABLE a ADD PRIMARY KEY (id)")', ["ADB203", "ADB309"]),
    # Constraints
    ('op.execute("ALTER TABLE a ADD CHECK (b > 0) NOT VALID")', []),
    ('op.execute("ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0)")', ["ADB305"]),
    ('op.execute("ALTER TABLE a ADD EXCLUDE USING gist (b WITH &&)")', ["ADB310"]),
    # Transactions
    ('op.execute("CREATE INDEX CONCURRENTLY ix ON a (b)")', ["ADB311"]),
    ('op.execute("VACUUM a")', ["ADB311"]),
    ('op.execute("VACUUM FULL a")', ["ADB311", "ADB313"]),
    ('op.execute("REINDEX INDEX CONCURRENTLY ix")', ["ADB311"]),
    ('op.drop_index("ix", postgresql_concurrently=True)', ["ADB311"]),
    ('op.execute("REFRESH MATERIALIZED VIEW v")', ["ADB313"]),
    ('op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY v")', []),
    ('op.execute("LOCK TABLE a")', ["ADB313"]),
    ('op.execute("ALTER TABLE a DETACH PARTITION b")', ["ADB313"]),
    ('op.execute("ALTER TABLE a SET UNLOGGED")', ["ADB313"]),
    (
        (
            'op.create_check_constraint("c", "a", "b > 0", postgresql_not_valid=True)\n'
            'with op.get_context().autocommit_block():\n    op.execute("ANALYZE a")\n'
            'op.execute("ALTER TABLE a VALIDATE CONSTRAINT c")'
        ),
        [],
    ),
    # Names
    ('op.execute("ALTER TABLE a RENAME TO b")', ["ADB401"]),
    ('op.execute("ALTER TABLE s.a SET SCHEMA b")', ["ADB401"]),
    ('op.execute("BEGIN")\nop.execute("ROLLBACK TO SAVEPOINT a")', ["ADB505"]),
    ('op.execute("ALTER TABLE a RENAME COLUMN b TO c")', ["ADB402"]),
    ('op.execute("ALTER TABLE a RENAME CONSTRAINT b TO c")', []),
    ('op.execute("ALTER INDEX a RENAME TO b")', []),
    ('op.rename_table("a", "b")\nop.execute("CREATE OR REPLACE VIEW a AS SELECT * FROM b")', []),
]


@pytest.mark.parametrize(("example", "found"), FOUND)
def test_on_postgresql(judged: Judge, example: str, found: list[str]):
    assert codes(judged, example) == found


ON_MYSQL = [
    ('op.execute("DROP SCHEMA s")', ["ADB103"]),
    ('op.execute("ALTER TABLE a MODIFY b varchar(9) NOT NULL")', ["ADB351"]),
    (
        'op.alter_column("a", "b", existing_type=sa.String(60), type_=sa.String(70))',
        ["ADB351"],
    ),
    ('op.create_foreign_key("fk", "a", "b", ["c"], ["id"])', ["ADB351"]),
    ('op.create_check_constraint("ck", "a", "b > 0")', ["ADB351"]),
    ('op.drop_constraint("pk", "a", type_="primary")', ["ADB351"]),
    ('op.execute("ALTER TABLE a CONVERT TO CHARACTER SET utf8mb4")', ["ADB351"]),
    ('op.execute("ALTER TABLE a MODIFY b text, ALGORITHM=INPLACE")', []),
    ('op.execute("ALTER TABLE a ADD b int, ADD c int")', []),
    ('op.create_index("ix", "a", ["b"])', []),
    (
        (
            'op.create_table("a", sa.Column("b", sa.Integer, index=True))\n'
            'op.create_index("ix", "a", ["b"])'
        ),
        [],
    ),
    (
        (
            'op.create_table("a", sa.Column("b", sa.Integer))\n'
            'op.create_table("c", sa.Column("b", sa.Integer))'
        ),
        ["ADB352"],
    ),
    ('op.execute("ALTER TABLE a RENAME AS b")', ["ADB401"]),
    ('op.execute("RENAME TABLE a TO b")', ["ADB401"]),
    ('op.execute("ALTER TABLE a CHANGE b c int")', ["ADB351", "ADB402"]),
]


@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
@pytest.mark.parametrize(("example", "found"), ON_MYSQL)
def test_on_mysql_and_mariadb(judged: Judge, dialect: str, example: str, found: list[str]):
    assert codes(judged, example, dialect) == found


ON_SQLITE = [
    ('op.create_index("ix", "a", ["b"])', []),
    ('with op.batch_alter_table("a") as b:\n    b.drop_column("c")', ["ADB102"]),
    (
        'with op.batch_alter_table("a") as b:\n    b.alter_column("c", nullable=False)',
        ["ADB202"],
    ),
    (
        (
            'with op.batch_alter_table("a") as b:\n'
            '    b.alter_column("c", existing_type=sa.String(9), type_=sa.String(5))'
        ),
        [],
    ),
    (
        'with op.batch_alter_table("a") as b:\n    b.create_unique_constraint("uq", ["c"])',
        ["ADB203"],
    ),
    (
        'with op.batch_alter_table("a") as b:\n    b.alter_column("c", new_column_name="d")',
        ["ADB402"],
    ),
]


@pytest.mark.parametrize(("example", "found"), ON_SQLITE)
def test_on_sqlite(judged: Judge, example: str, found: list[str]):
    assert codes(judged, example, "sqlite") == found


@pytest.mark.parametrize(
    ("example", "safe"),
    [
        (
            'op.create_index("ix", "a", [sa.text("lower(b)")], postgresql_where=sa.text("c"))',
            (
                "# in a revision of its own, which has no transaction:\n"
                "with op.get_context().autocommit_block():\n"
                '    op.execute("CREATE INDEX CONCURRENTLY ix ON a (lower(b)) WHERE c")'
            ),
        ),
        (
            'op.create_index("ix", "order", ["group"], schema="My")',
            (
                "# in a revision of its own, which has no transaction:\n"
                "with op.get_context().autocommit_block():\n"
                '    op.create_index("ix", "order", ["group"], schema="My", '
                "postgresql_concurrently=True)"
            ),
        ),
        (
            'op.execute("ALTER TABLE s.a SET SCHEMA b")',
            (
                'op.execute("ALTER TABLE s.a SET SCHEMA b")\n'
                "# the old name goes on working, also for INSERT, UPDATE and DELETE:\n"
                'op.execute("CREATE VIEW s.a AS SELECT * FROM b.a")\n'
                "# in a later revision, once no code uses it:\n"
                'op.execute("DROP VIEW s.a")'
            ),
        ),
        (
            'op.create_foreign_key(None, "a", "b", ["c"], ["id"], ondelete="CASCADE")',
            (
                'op.execute("ALTER TABLE a ADD CONSTRAINT fk_a_c FOREIGN KEY(c) REFERENCES b (id) '
                'ON DELETE CASCADE NOT VALID")\n'
                "# in the next revision, once this one is deployed:\n"
                'op.execute("ALTER TABLE a VALIDATE CONSTRAINT fk_a_c")'
            ),
        ),
        (
            (
                'with op.batch_alter_table("a", schema="s") as batch:\n'
                '    batch.create_check_constraint("ck", "b > 0")\n'
                '    batch.create_foreign_key("fk", "b", ["c"], ["id"])'
            ),
            (
                'op.execute("ALTER TABLE s.a ADD CONSTRAINT ck CHECK (b > 0) NOT VALID")\n'
                "# in the next revision, once this one is deployed:\n"
                'op.execute("ALTER TABLE s.a VALIDATE CONSTRAINT ck")'
            ),
        ),
        (
            'op.alter_column("order", "group", nullable=False, schema="My")',
            (
                "# deploy code that always fills it, then:\n"
                'op.execute(\'UPDATE "My"."order" SET "group" = ... WHERE "group" IS NULL\')\n'
                "# in the next revision, once this one is deployed:\n"
                'op.alter_column("order", "group", nullable=False, schema="My")'
            ),
        ),
        (
            'op.add_column("a", sa.Column("b", sa.ARRAY(sa.Integer), nullable=False))',
            (
                'op.execute("ALTER TABLE a ADD COLUMN b INTEGER[]")\n'
                "# deploy code that fills it, and give the rows that are there a value:\n"
                'op.execute("UPDATE a SET b = ... WHERE b IS NULL")\n'
                "# in the next revision, once this one is deployed:\n"
                'op.alter_column("a", "b", nullable=False)'
            ),
        ),
    ],
)
def test_the_safe_way_keeps_what_was_written(judged: Judge, example: str, safe: str):
    assert judged(example)[0].safe == safe


@pytest.mark.parametrize("said", expected().values())
def test_the_safe_way_is_python(said: str):
    _, _, safe = said.partition("\n")
    ast.parse(safe)


@pytest.mark.parametrize(
    ("downgrade", "found"),
    [
        ("pass", True),
        ("...", True),
        ('"""nothing"""', True),
        ("return", True),
        ("return None", True),
        ('raise NotImplementedError("never")', False),
        ('op.drop_table("a")', False),
        ("undo()", False),
    ],
)
def test_a_downgrade_that_does_nothing_is_found(judged: Judge, downgrade: str, found: bool):
    example = f"""
def upgrade():
    op.create_table("a", sa.Column("b", sa.Integer))


def downgrade():
    {downgrade}
"""
    messages = [each.message for each in judged(example) if each.code == "ADB503"]
    nothing = (
        "downgrade() does nothing: the version table goes back, the schema does not, and the next "
        "upgrade fails"
    )
    assert messages == [nothing] * found


def test_a_missing_downgrade_is_told_where_upgrade_begins(judged: Judge):
    (found,) = judged('def upgrade():\n    op.create_table("a", sa.Column("b", sa.Integer))')
    assert (found.code, found.line) == ("ADB503", FIRST - 2)
    assert found.message == "there is no downgrade(): nobody gets back behind this revision"


@pytest.mark.parametrize(
    "example",
    [
        "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass",
        "def upgrade():\n    pass",
        'def upgrade():\n    op.execute("SELECT 1")\n\n\ndowngrade = upgrade',
    ],
)
def test_what_does_nothing_needs_no_downgrade(judged: Judge, example: str):
    assert judged(example) == ()


@pytest.mark.parametrize(
    ("imported", "used", "named"),
    [
        ("from app.models import User", "sa.select(User)", "User of app.models"),
        ("from app.models import User", "sa.select(User.id)", "User of app.models"),
        ("from app import models", "sa.insert(models.User)", "models.User of app"),
        ("import app.models", "sa.delete(app.models.User)", "app.models.User of app.models"),
        ("from app.models import User as U", "U.__table__.name", "U of app.models"),
        ("from app.models import User", "session.query(User)", "User of app.models"),
        ("from app.models import User", "session.add(User(id=1))", "User of app.models"),
        ("from app.models import User", "session.add_all([User(id=1)])", "User of app.models"),
        ("from app.models import User", "User.query", "User of app.models"),
    ],
)
def test_a_mapped_class_of_the_application_is_found(judged: Judge, imported, used, named):
    example = f"""
{imported}


def upgrade():
    if False:
        {used}


def downgrade():
    pass
"""
    (found,) = judged(example)
    assert found.message == (
        f"{named} is the class of today: once a later revision changes its table, this one fails "
        "on every new database"
    )


@pytest.mark.parametrize(
    ("imported", "used"),
    [
        ("from app.models import User", 'sa.Column("x", User)'),
        ("from sqlalchemy.orm import Session", "Session(op.get_bind())"),
        ("from sqlalchemy import Table", "sa.select(Table)"),
        ("from pathlib import Path", "select(Path)"),
        ("from app import models", "sa.select(models.users)"),
    ],
)
def test_types_of_the_application_and_other_packages_are_left_alone(judged: Judge, imported, used):
    example = f"""
{imported}


def upgrade():
    if False:
        {used}


def downgrade():
    pass
"""
    assert judged(example) == ()


def test_the_application_of_these_examples_has_the_class():
    assert "class User(Base)" in APPLICATION


@pytest.mark.parametrize(
    "example",
    [
        'op.drop_column("a", "b")',
        'op.add_column("a", sa.Column("b", sa.Integer, nullable=False))',
        'with op.batch_alter_table("a") as c:\n    c.alter_column("b", nullable=False)',
    ],
)
def test_the_safe_way_can_be_pasted_on_sqlite(judged: Judge, captured_body, example):
    (found,) = [each for each in judged(example, "sqlite") if each.severity == "error"]
    assert 'with op.batch_alter_table("a") as batch:\n    batch.alter_column("b", ' in found.safe
    assert captured_body(found.safe, "sqlite").unrendered is None
