from __future__ import annotations

from alembic_migrate.render.configuration import configuration
from alembic_migrate.results import ConfigRow

ROWS = [
    ConfigRow("app", "module", "app.model", "pyproject.toml:3 [tool.alembic-migrate]"),
    ConfigRow("app", "url", None, "pyproject.toml:4", "DATABASE_URL is not set"),
    ConfigRow("app", "after", ["x", "y"], "default"),
    ConfigRow("app", "timezone", None, ""),
    ConfigRow("app", "tag", "", "default"),
    ConfigRow("app", "compare_type", True, "default"),
]


def test_rows_are_aligned_and_values_look_like_toml_and_what_is_wrong_stands_below():
    assert configuration(ROWS) == (
        "module        app.model   pyproject.toml:3 [tool.alembic-migrate]\n"
        "url           -           pyproject.toml:4\n"
        "  DATABASE_URL is not set\n"
        'after         ["x", "y"]  default\n'
        "timezone      -\n"
        'tag           ""          default\n'
        "compare_type  true        default"
    )


def test_several_bases_stand_under_their_names():
    rows = [ROWS[0], ConfigRow("x", "url", "sqlite://", "--url")]
    assert configuration(rows) == (
        "[app]\nmodule  app.model  pyproject.toml:3 [tool.alembic-migrate]\n\n"
        "[x]\nurl     sqlite://  --url"
    )
    assert configuration([]) == ""
