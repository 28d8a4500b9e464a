from __future__ import annotations

from alembic_migrate.render.checks import checks
from alembic_migrate.results import Check, Finding

CLEAN = Check("app", "sqlite://", (), compared=True, left_out=("x",))
DIRTY = Check(
    "x",
    "sqlite://",
    (
        Finding("model-change", "no revision makes this: add table book", "alembic-db migrate"),
        Finding("several-heads", "2 heads: a, b"),
    ),
    compared=True,
)
LEFT = (
    "left alone, because no revision of this history made them: x"
    " (drop_unowned = true drops such tables)"
)


def test_findings_are_told_with_the_line_that_mends_them():
    assert checks([CLEAN, DIRTY], named=True) == (
        f"app: {LEFT}\n"
        "app: no problems found\n"
        "x: no revision makes this: add table book\n"
        "  alembic-db migrate\n"
        "x: 2 heads: a, b"
    )


def test_without_remarks_only_findings_are_told():
    assert checks([CLEAN], named=False, quiet=True) == "No problems found"


def test_what_was_not_looked_at_is_told_without_being_a_finding():
    pending = Finding("pending", "revision a is not in the database: one", "alembic-db upgrade")
    behind = Check("app", "sqlite://", (pending,), compared=False)
    assert checks([behind], named=False) == (
        "Revision a is not in the database: one\n"
        "  alembic-db upgrade\n"
        "The models were not compared, since revisions are pending: check --scratch compares them "
        "with the history"
    )
    assert checks([Check("app", None, (), compared=True)], named=False) == (
        "No database is configured: pending revisions were not looked for\nNo problems found"
    )
