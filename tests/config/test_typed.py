"""``--set KEY=VALUE``."""

from __future__ import annotations

import pytest

from alembic_migrate.config.typed import parse_settings
from alembic_migrate.errors import UsageError

from .conftest import caught


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("compare_type=false", {"compare_type": False}),
        ("compare_type = app.hooks:compare", {"compare_type": "app.hooks:compare"}),
        ("timezone=UTC", {"timezone": "UTC"}),
        ("timezone=", {"timezone": ""}),
        ('timezone="UTC"', {"timezone": "UTC"}),
        ("version_table=2024", {"version_table": "2024"}),
        ("version_table=true", {"version_table": "true"}),
        ("url=sqlite:///a=b.db?x=1", {"url": "sqlite:///a=b.db?x=1"}),
        ("connect_timeout=2.5", {"connect_timeout": 2.5}),
        ('models=["a", "b"]', {"models": ["a", "b"]}),
        ("metadata=app:Base", {"metadata": "app:Base"}),
        ("file_template=%(rev)s # x", {"file_template": "%(rev)s # x"}),
        ("version_table=1\nurl='x'", {"version_table": "1\nurl='x'"}),
    ],
)
def test_a_value_is_toml_or_the_text_itself(text: str, values: dict[str, object]):
    assert parse_settings([text]) == values


def test_the_last_of_one_key_wins():
    assert parse_settings(["timezone=A", "timezone=B"]) == {"timezone": "B"}
    assert parse_settings([]) == {}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("compare_type", "--set takes KEY=VALUE", "--set compare_type=false"),
        ("=x", "--set takes KEY=VALUE", "--set compare_type=false"),
        ("url p://u:secret@h/d?a=b", "--set takes KEY=VALUE", "--set compare_type=false"),
        ("url=", "--set url is empty", "give it a value or leave it out"),
        (
            "comparetype=true",
            "--set comparetype is not a known key",
            'the nearest known key is "compare_type"\ncompare_type = true',
        ),
        (
            "compare_type=maybe",
            (
                '--set compare_type must be true, false or a string "package.module:function", '
                'but is a string, "maybe"'
            ),
            "--set 'compare_type=true'",
        ),
        (
            "protected=maybe",
            '--set protected must be true or false, but is a string, "maybe"',
            "--set 'protected=true'",
        ),
        (
            "models=app.models",
            '--set models must be an array of strings, but is a string, "app.models"',
            "--set 'models=[\"app.models.*\"]'",
        ),
        (
            "url=['secret']",
            "--set url must be a string, but is an array",
            "--set 'url=\"${DATABASE_URL}\"'",
        ),
        (
            "base=app",
            "--set base is a key of [tool.alembic-migrate] alone, not of a base",
            '[tool.alembic-migrate]\nbase = "app"',
        ),
    ],
)
def test_what_cannot_be_set_is_an_error(text: str, message: str, hint: str):
    error = caught(lambda: parse_settings([text]))
    assert isinstance(error, UsageError)
    assert (error.message, error.hint) == (message, hint)


def test_after_that_is_typed_names_known_bases(place):
    toml = "[tool.alembic-migrate.bases.a]\n[tool.alembic-migrate.bases.b]\n"
    configuration = place.load(toml, settings=('after=["c"]',))
    error = caught(lambda: configuration.select(["a"]))
    assert error.message == '--set after names an unknown base, "c"'
    assert error.hint == 'the bases are: a, b\nafter = ["a"]'
