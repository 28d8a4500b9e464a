"""Which revisions do the same on every database, told from their text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_migrate.history.literal import is_literal

HEAD = '''"""a step"""
from typing import Union

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision: str = "r1"
down_revision: Union[str, None] = None
branch_labels = depends_on = None


def downgrade() -> None:
    raise NotImplementedError
'''

ACCEPTED = (
    "pass",
    '"""what it does"""',
    'op.drop_table("a")',
    (
        'op.create_table("a", sa.Column("id", sa.Integer(), nullable=False), '
        'sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now()), '
        'sa.Column("n", sa.Numeric(10, 2), server_default=sa.text("-1")), '
        'sa.PrimaryKeyConstraint("id", name=op.f("pk_a")), sa.CheckConstraint("n > -5"))'
    ),
    'op.add_column("a", sa.Column("x", sa.Integer))',
    'op.add_column("a", sa.Column("x", postgresql.JSONB(astext_type=sa.Text()), nullable=True))',
    'op.add_column("a", sa.Column("x", sa.String(9).with_variant(mysql.VARCHAR(9), "mysql")))',
    'op.create_index("i", "a", ["x", sa.text("lower(y)")], postgresql_where=sa.text("x > 0"))',
    'op.alter_column("a", "x", existing_type=sa.Integer(), nullable=False, server_default=None)',
    """op.execute("INSERT INTO a VALUES ('100 %', ':x')")""",
    'op.execute(sa.text("DELETE FROM a"))',
    'op.drop_constraint("c", "a", type_="check")',
    'op.create_foreign_key(None, "a", "b", ["x"], ["id"], ondelete="CASCADE")',
    'op.rename_table("a", "b")',
    'op.create_table_comment("a", "what is in it", existing_comment=None)',
)
REFUSED = (
    "import uuid",
    'op.execute(f"INSERT INTO a VALUES ({1})")',
    'op.execute("SELECT %s" % 1)',
    'op.execute("COMMIT", execution_options={"isolation_level": "AUTOCOMMIT"})',
    'op.execute(sa.text("SELECT :x").bindparams(x=1))',
    'op.execute(open("script.sql").read())',
    "op.get_bind()",
    'op.get_bind().exec_driver_sql("DELETE FROM a")',
    'op.bulk_insert(sa.table("a"), [])',
    'if not context.is_offline_mode():\n        op.drop_table("a")',
    'for name in ("a", "b"):\n        op.drop_table(name)',
    'with op.batch_alter_table("a") as batch:\n        batch.drop_column("x")',
    'with op.get_context().autocommit_block():\n        op.drop_table("a")',
    'op.create_table("a", sa.Column("e", sa.Enum("x", "y", name="e")))',
    'op.create_table("a", sa.Column("e", postgresql.ENUM("x", name="e")))',
    'op.create_table("a", sa.Column("x", sa.Integer, sa.Sequence("s")))',
    'op.create_table("a", sa.Column("x", sa.Uuid(), default=uuid4))',
    'op.create_table("a", *COLUMNS)',
    'op.create_table("a", **OPTIONS)',
    'op.create_table("a", schema=SCHEMA)',
    'op.create_table("a", schema=revision)',
    'sa.event.listen(sa.Table, "before_create", print)',
    'op.execute((lambda: "DELETE FROM a")())',
    "op = None",
    'table = op.create_table("a")',
    'return op.drop_table("a")',
    "helper()",
    'op.invoke("a")',
    'batch_op.drop_column("x")',
)


def revision(body, head=HEAD, more="", name="upgrade()"):
    return f"{head}\n\ndef {name}:\n    {body}\n{more}"


@pytest.mark.parametrize("body", ACCEPTED)
def test_literal_calls_are_literal(body):
    assert is_literal(revision(body))


def test_all_of_them_together_are():
    assert is_literal(revision("\n    ".join(ACCEPTED)))


@pytest.mark.parametrize("body", REFUSED)
def test_whatever_else_is_not(body):
    assert not is_literal(revision(body))
    assert not is_literal(revision(f"{ACCEPTED[3]}\n    {body}"))


@pytest.mark.parametrize(
    "changed",
    [
        {"head": HEAD.replace("import sqlalchemy as sa", "import somewhere as sa")},
        {"head": HEAD.replace("from alembic import op", "from app import op")},
        {"head": HEAD.replace("from alembic import op", "from app import op2 as op")},
        {"head": HEAD.replace("from alembic import op", "from .alembic import op")},
        {"head": HEAD.replace("from alembic import op\n", "")},
        {"head": HEAD + "\nfrom app import sa\n"},
        {"head": HEAD + "\nfrom app import *\n"},
        {"head": HEAD + "\nop = sa\n"},
        {"head": HEAD + "\nsa.Column = print\n"},
        {"head": HEAD + "\nprint('imported')\n"},
        {"head": HEAD + "\nrevision_of = now()\n"},
        {"head": HEAD + "\nif True:\n    pass\n"},
        {"head": HEAD + "\n\nclass op:\n    pass\n"},
        {"more": "\n\ndef upgrade():\n    pass\n"},
        {"more": "\n\ndef helper():\n    global op\n    op = None\n"},
        {"more": "\n\ndef helper(op):\n    pass\n"},
        {"more": "\n\nupgrade = 1\n"},
        {"more": "\n\n@register\ndef helper():\n    pass\n"},
        {"name": "upgrade(engine)"},
        {"name": "upgrade(engine=None)"},
        {"name": "upgrades()"},
    ],
)
def test_names_that_are_not_what_they_seem_make_it_none(changed):
    assert is_literal(revision(ACCEPTED[3]))
    assert not is_literal(revision(ACCEPTED[3], **changed))


@pytest.mark.parametrize("text", ["", "def upgrade(:", "\0", b"\xff\xfe"])
def test_what_cannot_be_read_is_none(text):
    assert not is_literal(text)


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
literals = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(literals, literals)
def test_any_literal_argument_is_fine_and_a_name_among_them_is_not(first, second):
    call = f"op.create_table('a', {first!r}, info={second!r}"
    assert is_literal(revision(f"{call})"))
    assert not is_literal(revision(f"{call}, comment=[{first!r}, (-1, name)])"))
