"""Types of values, unknown keys, and what is said about them."""

from __future__ import annotations

import contextlib
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alembic_migrate.config import problems
from alembic_migrate.config.keys import BY_NAME, KEYS, SEVERITIES
from alembic_migrate.config.problems import nearest, unknown_key
from alembic_migrate.errors import ConfigError
from alembic_migrate.findings import Severity

from .conftest import Place

TOOL = "[tool.alembic-migrate]\n"
FLAG_OR_HOOK = 'true, false or a string "package.module:function"'


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('compare_type = "maybe"', f'must be {FLAG_OR_HOOK}, but is a string, "maybe"'),
        ("compare_type = 1", f"must be {FLAG_OR_HOOK}, but is an integer, 1"),
        ('protected = "true"', 'must be true or false, but is a string, "true"'),
        ("module = 3.5", "must be a string, but is a float, 3.5"),
        ('module = ""', "must be a string, but is an empty string"),
        ("module = ['a']", "must be a string, but is an array"),
        ("module = 2020-01-01", "must be a string, but is a date or time"),
        ("url = ['postgresql://u:secret@h/d']", "must be a string, but is an array"),
        ("url = 5", "must be a string, but is an integer"),
        ("truncate_slug_length = '40'", 'must be a whole number above 0, but is a string, "40"'),
        ("truncate_slug_length = 0", "must be a whole number above 0, but is an integer, 0"),
        ("truncate_slug_length = true", "must be a whole number above 0, but is a boolean, true"),
        ("connect_timeout = -1.5", "must be a number above 0, but is a float, -1.5"),
        ("connect_timeout = nan", "must be a number above 0, but is a float, NaN"),
        ("connect_timeout = inf", "must be a number above 0, but is a float, Infinity"),
        ("models = 'a'", 'must be an array of strings, but is a string, "a"'),
        (
            "models = ['a', 3]",
            "must be an array of strings, but is an array with an integer, 3 in it",
        ),
        (
            "models = ['a', '']",
            "must be an array of strings, but is an array with an empty string in it",
        ),
        ("metadata = {a = 1}", "must be a string or an array of strings, but is a table"),
        ("directory = 1", "must be a path (a string), but is an integer, 1"),
        (
            "version_locations = 'a'",
            'must be an array of paths (strings), but is a string, "a"',
        ),
        ('env = "own"', 'must be "auto" or "builtin", but is a string, "own"'),
        (
            "include_object = 'app.hooks'",
            'must be a string "package.module:function", but is a string, "app.hooks"',
        ),
        (
            "engine = 'postgresql://u:secret@h/d'",
            'must be a string "package.module:function", but is a string',
        ),
        (
            "engine = 'a b:c'",
            'must be a string "package.module:function", but is a string, "a b:c"',
        ),
        (
            "post_write_hooks = [{name = 1}]",
            "must be an array of tables with strings in them, but is an array",
        ),
        ("after = 'app'", 'must be an array of strings, but is a string, "app"'),
        ("env_file = 1", "must be a path (a string), but is an integer, 1"),
        ("pythonpath = 'src'", 'must be an array of paths (strings), but is a string, "src"'),
    ],
)
def test_a_wrong_type_is_an_error(place: Place, line: str, problem: str):
    key = line.partition(" ")[0]
    error = place.fault(f"{TOOL}\n{line}\n")
    assert isinstance(error, ConfigError)
    assert error.message == f"{place.at(3)} tool.alembic-migrate.{key} {problem}"
    assert error.hint == f"{key} = {BY_NAME[key].example}"


def test_a_wrong_type_in_a_bases_table_has_the_keys_full_name(place: Place):
    error = place.fault('[tool.alembic-migrate.bases.app]\n\ncompare_type = "maybe"\n')
    assert error.message == (
        f"{place.at(3)} tool.alembic-migrate.bases.app.compare_type must be {FLAG_OR_HOOK}, "
        'but is a string, "maybe"'
    )
    assert error.hint == "compare_type = true"


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("comparetype", 'the nearest known key is "compare_type"\ncompare_type = true'),
        (
            "script_locaton",
            (
                'the nearest known key is "directory" (elsewhere called script_location)\n'
                'directory = "migrations"'
            ),
        ),
        (
            "sqlalchemy_url",
            (
                'the nearest known key is "url" (elsewhere called sqlalchemy_url)\n'
                'url = "${DATABASE_URL}"'
            ),
        ),
        ("URL", 'the nearest known key is "url"\nurl = "${DATABASE_URL}"'),
        ("base_s", 'the nearest known key is "bases"'),
        ("qqq", "known keys: " + ", ".join(sorted([*BY_NAME, "bases"]))),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_known_one(place: Place, key: str, hint: str):
    error = place.fault(f'{TOOL}{key} = "postgresql://u:secret@h/d"\n')
    assert isinstance(error, ConfigError)
    assert error.message == f"{place.at(2)} tool.alembic-migrate.{key} is not a known key"
    assert error.hint == hint


def test_an_unknown_key_that_needs_quotes_has_them(place: Place):
    error = place.fault(f'{TOOL}"sqlalchemy.url" = "x"\n')
    assert error.message == (
        f'{place.at(2)} tool.alembic-migrate."sqlalchemy.url" is not a known key'
    )


def test_a_key_of_the_tool_table_is_an_error_in_a_bases(place: Place):
    error = place.fault('[tool.alembic-migrate.bases.app]\nenv_file = ".env"\n')
    assert error.message == (
        f"{place.at(2)} tool.alembic-migrate.bases.app.env_file is a key of "
        "[tool.alembic-migrate] alone, not of a base"
    )
    assert error.hint == '[tool.alembic-migrate]\nenv_file = ".env"'


def test_of_several_faults_the_first_in_the_file_is_told(place: Place):
    error = place.fault(f"{TOOL}sourceless = 1\nnope = 1\nprotected = 1\n")
    assert error.message == (
        f"{place.at(2)} tool.alembic-migrate.sourceless must be true or false, but is an integer, 1"
    )


def test_only_a_base_that_is_used_is_checked(place: Place):
    toml = "[tool.alembic-migrate.bases.a]\n[tool.alembic-migrate.bases.b]\nnope = 1\n"
    configuration = place.load(toml)
    assert [base.name for base in configuration.select(["a"])] == ["a"]
    assert place.fault().message == (
        f"{place.at(3)} tool.alembic-migrate.bases.b.nope is not a known key"
    )


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_the_example_of_every_key_is_right(place: Place, key):
    line = f"{key.name} = {key.example}\n"
    base = "[tool.alembic-migrate.bases.app]\n"
    own = "[tool.alembic-migrate.bases.own]\n"
    toml = TOOL + line + base if key.scope == "tool" else base + own + line
    environ = {"DATABASE_URL": "sqlite://"}
    resolved = place.base(toml, "app" if key.scope == "tool" else "own", environ=environ)
    if key.name in resolved.settings:
        assert resolved.is_set(key.name)
        assert resolved.errors == {}


EDITS = st.sampled_from(["drop", "double", "swap", "change"])


@given(st.sampled_from(KEYS), EDITS, st.integers(min_value=0), st.sampled_from("xqz_"))
def test_a_slip_of_the_pen_is_answered_with_a_key_that_is_as_near(key, edit, position, letter):
    assume(len(key.name) > 4)
    at = position % (len(key.name) - 1)
    before, here, after = key.name[:at], key.name[at], key.name[at + 1 :]
    slip = {
        "drop": before + after,
        "double": before + here + here + after,
        "swap": before + after[0] + here + after[1:],
        "change": before + letter + after,
    }[edit]
    assert nearest(slip, BY_NAME) is not None
    if slip not in BY_NAME:
        error = unknown_key(problems.Place(), slip, list(BY_NAME))
        assert error.message == f"--set {slip} is not a known key"
        assert error.hint is not None
        assert error.hint.startswith('the nearest known key is "')


@given(st.text(), st.sampled_from(KEYS))
def test_a_string_is_taken_or_refused_by_every_key_without_a_traceback(
    tmp_path_factory, value, key
):
    import tomlkit

    from alembic_migrate.errors import AlembicMigrateError

    place = Place(tmp_path_factory.mktemp("p"))
    assume(not any("\ud800" <= character <= "\udfff" for character in value))
    toml = tomlkit.dumps({"tool": {"alembic-migrate": {key.name: value}}})
    # pydantic's, configparser's and tomli's own errors would pass through here.
    with contextlib.suppress(AlembicMigrateError):
        place.load(toml.encode()).base("default")


def test_the_severities_are_those_that_findings_have():
    assert get_args(Severity) == SEVERITIES
