"""What the README says one can rely on, over every command at once."""

from __future__ import annotations

import pytest

from tests import projects

READING = [
    "current",
    "current -v",
    "heads",
    "branches",
    "history -i",
    "show",
    "show current",
    "status",
    "check",
    "verify",
    "lint",
    "lint --all-revisions",
    "sum",
    "config show --resolve",
    "upgrade --sql",
    "migrate",  # it reads the database to compare it, and is told that it is behind
]
REVISION = {
    "migrations/script.py.mako": "",
    "migrations/versions/a_books.py": projects.revision_text(
        "a", upgrade='op.create_table("book", sa.Column("id", sa.Integer, primary_key=True))'
    ),
}


@pytest.mark.parametrize("words", READING)
def test_a_command_that_only_reads_makes_no_sqlite_file(words, project, command):
    books = project(projects.TUTORIAL | REVISION)
    before = books.files()
    command(books, *words.split(), status=None)
    assert books.files() == before


@pytest.mark.parametrize("words", [*READING, "upgrade", "downgrade", "stamp", "ensure-version"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_password_is_shown_by_no_command(words, form, project, command):
    shop = project(
        REVISION
        | {
            "pyproject.toml": """
                [tool.alembic-migrate]
                metadata = "shop:metadata"
                url = "postgresql+psycopg://me:${PASSWORD}@127.0.0.1:1/shop"
                """,
            "shop.py": "from sqlalchemy import MetaData\n\nmetadata = MetaData()\n",
        }
    )
    secret = {"PASSWORD": "tr1ck:y/p@ss%"}
    for more in ("-v", "--raiseerr"):
        said = command(shop, *words.split(), more, "--format", form, env=secret, status=None)
        text = said.stdout + said.stderr
        assert "tr1ck" not in text
        assert "ss%" not in text


@pytest.mark.parametrize(
    "words",
    [
        "upgrade nowhere",
        "upgrade --base nobody",
        "upgrade --set compare_typ=true",
        "upgrade --all --base default",
        "downgrade nowhere",
        "stamp nowhere",
        "upgrade --nothing",
    ],
)
def test_what_is_typed_wrong_exits_with_2_and_touches_no_database(words, project, command):
    books = project(projects.TUTORIAL | REVISION)
    command(books, "upgrade")
    before = (books.root / "demo.db").read_bytes()
    command(books, *words.split(), status=2)
    assert (books.root / "demo.db").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "template"),
    [
        ("--rev-id ../../evil", "${up_revision}"),
        ("--rev-id /evil", "${up_revision}"),
        ("-m text", "${nothing.of.that}"),
        ("-m text", "<% raise OSError(28, 'No space left on device') %>"),
    ],
)
def test_a_revision_is_written_whole_into_its_folder_or_not_at_all(
    words, template, project, command
):
    books = project(projects.TUTORIAL | {"migrations/script.py.mako": template})
    (books.root / "migrations" / "versions").mkdir()
    around = sorted(books.root.parent.rglob("*"))
    said = command(books, "revision", *words.split(), status=None)
    assert said.exit in {1, 2}
    assert sorted(books.root.parent.rglob("*")) == around
