"""Projects with many tenants, and revisions that behave differently for some of them."""

from __future__ import annotations

from collections.abc import Sequence

from tests.projects import Project, revision_text

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
note = sa.Table("note", metadata, sa.Column("text", sa.String(20)))
"""

# What a revision does for one tenant alone is written into files beside the project.
_SPECIAL = """
from pathlib import Path


def special(connection):
    place = connection.engine.url.database.rpartition("/")[2].removesuffix(".db")
    if connection.dialect.name == "postgresql":
        place = connection.exec_driver_sql("SELECT current_schema()").scalar()
    script = Path(__file__).with_name(f"special_{place}.py")
    if script.exists():
        exec(script.read_text(), {"connection": connection, "place": place})
"""

_FIRST = revision_text(
    "r1",
    upgrade="from special import special\n"
    'op.create_table("note", sa.Column("text", sa.String(20)))\nspecial(op.get_bind())',
    downgrade='op.drop_table("note")',
)
_SECOND = revision_text(
    "r2",
    "r1",
    upgrade="""op.execute("INSERT INTO note VALUES ('hello')")""",
    downgrade='op.execute("DELETE FROM note")',
)


def write_fleet(here: Project, tenants: Sequence[str], *, place: str, url: str = "") -> Project:
    """Write a project whose tenants are these.

    Args:
        here: its folder.
        tenants: their names.
        place: the line of the table ``tenants`` that says where each of them is.
        url: of the base's own database, where tenants are schemas of it.
    """
    own = f'url = "{url}"\n' if url else ""
    here.write(
        "pyproject.toml",
        f'[tool.alembic-migrate]\nmetadata = "models:metadata"\n{own}\n'
        f"[tool.alembic-migrate.tenants]\nnames = {list(tenants)}\n{place}\n",
    )
    here.write("models.py", MODELS)
    here.write("special.py", _SPECIAL)
    here.write("migrations/versions/r1.py", _FIRST)
    here.write("migrations/versions/r2.py", _SECOND)
    (here.root / "data").mkdir(exist_ok=True)
    return here


def files(here: Project, tenants: Sequence[str]) -> Project:
    """Write a project whose tenants are SQLite files."""
    return write_fleet(here, tenants, place='url = "sqlite:///data/{tenant}.db"')


def at(here: Project, tenants: Sequence[str]) -> dict[str, list[str]]:
    """Return what the version table of each tenant's file holds."""
    return {each: here.stamped(f"sqlite:///data/{each}.db") for each in tenants}
