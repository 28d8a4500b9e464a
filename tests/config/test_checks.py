"""What must hold between bases."""

from __future__ import annotations

import pytest

from alembic_migrate.errors import ConfigError

from .conftest import Place, caught

TOOL = "[tool.alembic-migrate]\n"


def bases(*names: str) -> str:
    return "".join(f"[tool.alembic-migrate.bases.{name}]\n" for name in names)


@pytest.mark.parametrize(
    ("toml", "line", "message", "hint"),
    [
        (
            '[tool]\nalembic-migrate = "x"\n',
            2,
            'tool.alembic-migrate must be a table, but is a string, "x"',
            "[tool.alembic-migrate]",
        ),
        (
            "[[tool.alembic-migrate]]\n",
            1,
            "tool.alembic-migrate must be a table, but is an array",
            "[tool.alembic-migrate]",
        ),
        (
            TOOL + 'bases = ["a"]\n',
            2,
            "tool.alembic-migrate.bases must be a table of tables, one a base, but is an array",
            "[tool.alembic-migrate.bases.app]",
        ),
        (
            TOOL + "bases = {}\n",
            2,
            "tool.alembic-migrate.bases has no base in it",
            "[tool.alembic-migrate.bases.app]",
        ),
        (
            "[tool.alembic-migrate.bases]\napp = 'postgresql://u:secret@h/d'\n",
            2,
            "tool.alembic-migrate.bases.app must be a table, but is a string",
            "[tool.alembic-migrate.bases.app]",
        ),
    ],
)
def test_a_wrong_table_is_an_error(place: Place, toml: str, line: int, message: str, hint: str):
    error = place.fault(toml)
    assert isinstance(error, ConfigError)
    assert (error.message, error.hint) == (f"{place.at(line)} {message}", hint)


@pytest.mark.parametrize(
    ("name", "shown", "proposal"),
    [
        ("", '""', "app"),
        ("a/b", '"a/b"', "a-b"),
        ("..", '".."', "app"),
        ("a.b", '"a.b"', "a-b"),
        ("a\tb", '"a\\tb"', "a-b"),
        ("a\x7f\x00", '"a\\x7f\\u0000"', "a"),
        ("\u00e4", '"\u00e4"', "app"),
        ("a b", '"a b"', "a-b"),
        ("a\n", '"a\\n"', "a"),
    ],
)
def test_a_name_that_is_none_is_an_error(place: Place, name: str, shown: str, proposal: str):
    written = name.encode("unicode_escape").decode().replace("\\x", "\\u00")
    error = place.fault(f'[tool.alembic-migrate.bases."{written}"]\n')
    assert error.message == (
        f"{place.at(1)} tool.alembic-migrate.bases.{shown} is no name for a base"
    )
    assert error.hint == (
        "a name is made of the letters A to Z and a to z, digits, - and _\n"
        f"[tool.alembic-migrate.bases.{proposal}]"
    )


def test_base_that_names_an_unknown_base_is_an_error(place: Place):
    error = place.fault(TOOL + 'base = "repotring"\n' + bases("app", "reporting"))
    assert isinstance(error, ConfigError)
    assert error.message == 'there is no base "repotring" (asked for by base in pyproject.toml:2)'
    assert error.hint == (
        'the bases are: app, reporting; did you mean "reporting"?\nbase = "reporting"'
    )


@pytest.mark.parametrize(
    ("value", "found"), [("3", "an integer, 3"), ("''", "an empty string"), ("['a']", "an array")]
)
def test_base_that_is_no_name_is_an_error(place: Place, value: str, found: str):
    error = place.fault(f"{TOOL}base = {value}\n")
    assert error.message == (
        f"{place.at(2)} tool.alembic-migrate.base must be a string, but is {found}"
    )
    assert error.hint == 'base = "app"'


def test_after_that_names_an_unknown_base_is_an_error(place: Place):
    error = place.fault(bases("app", "reporting") + 'after = ["ap"]\n')
    assert error.message == (
        f'{place.at(3)} tool.alembic-migrate.bases.reporting.after names an unknown base, "ap"'
    )
    assert error.hint == 'the bases are: app, reporting; did you mean "app"?\nafter = ["app"]'


def test_after_without_bases_is_an_error(place: Place):
    error = place.fault(TOOL + 'after = ["app"]\n')
    assert error.message == (
        f'{place.at(2)} tool.alembic-migrate.after names an unknown base, "app"'
    )
    assert error.hint == "there is no bases table: leave after out"


def test_after_that_is_a_circle_is_an_error(place: Place):
    toml = (
        bases("a") + 'after = ["b"]\n' + bases("b") + 'after = ["c"]\n' + bases("c")
    ) + 'after = ["b"]\n'
    error = place.fault(toml)
    assert error.message == (
        f"{place.at(6)} tool.alembic-migrate.bases.c.after is a circle: b -> c -> b"
    )
    assert error.hint == "take one of these out of its after"
    inherited = place.fault(TOOL + 'after = ["a"]\n' + bases("a", "b"))
    assert inherited.message == (f"{place.at(2)} tool.alembic-migrate.after is a circle: a -> a")


@pytest.mark.parametrize(
    ("line", "example"),
    [
        ('directory = "db"', 'directory = "migrations/{name}"'),
        ('url = "postgresql://u:secret@h/${name}"', 'url = "sqlite:///{name}.db"'),
        ('version_table = "v"', 'version_table = "alembic_version_{name}"'),
    ],
)
def test_what_would_be_one_for_several_bases_needs_the_name_in_it(
    place: Place, line: str, example: str
):
    key = line.partition(" ")[0]
    error = place.fault(f"{TOOL}{line}\n" + bases("a", "b"))
    assert error.message == (
        f"{place.at(2)} tool.alembic-migrate.{key} is the same for 2 bases: it needs {{name}} in it"
    )
    assert error.hint == f"or set it in each base's own table\n{example}"
    assert place.load(f"{TOOL}{line}\n" + bases("a")).names == ("a",)


def test_the_name_in_directory_url_and_version_table_is_the_bases(place: Place):
    toml = (
        TOOL
        + 'directory = "db/{name}"\nurl = "sqlite:///{name}.db"\nversion_table = "v_{name}"\n'
        + bases("a", "b")
    )
    for base in place.load(toml).select():
        assert base.directory == place.root / "db" / base.name
        assert base.url == f"sqlite:///{place.root}/{base.name}.db"
        assert base["version_table"] == f"v_{base.name}"


@pytest.mark.parametrize("folder", ["migrations/a", "./x/../migrations/a/"])
def test_two_bases_that_share_a_folder_are_an_error(place: Place, folder: str):
    toml = bases("a", "b") + f'directory = "{folder}"\n'
    error = caught(lambda: place.load(toml))
    assert error.message == (
        f"{place.at(3)} tool.alembic-migrate.bases.b.directory "
        'is the folder of two bases, "a" and "b": migrations/a'
    )
    assert error.hint == 'directory = "migrations/b"'


def test_two_bases_that_share_a_folder_by_a_variable_are_an_error_when_both_are_used(place: Place):
    toml = bases("a", "b") + 'directory = "${DIR}"\n'
    configuration = place.load(toml, environ={"DIR": "migrations/a"})
    assert [base.name for base in configuration.select(["b"])] == ["b"]
    error = caught(configuration.select)
    assert error.message == (
        f"{place.at(3)} tool.alembic-migrate.bases.b.directory "
        'is the folder of two bases, "a" and "b": migrations/a'
    )


def two_urls(first: str, second: str, *, more: str = "") -> str:
    return f'{bases("a")}url = "{first}"\n{bases("b")}url = "{second}"\n{more}'


SAME = "postgresql+psycopg://u:secret@h/d"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SAME, SAME),
        (SAME, "postgresql+asyncpg://u:${OTHER}@h/d"),
        ("sqlite:///x.db", "sqlite+aiosqlite:///./x.db"),
    ],
)
def test_two_bases_with_one_database_and_version_table_are_an_error(
    place: Place, first: str, second: str
):
    error = place.fault(two_urls(first, second), environ={"OTHER": "x"})
    assert isinstance(error, ConfigError)
    assert error.message == (
        'bases "a" and "b" have the same database and the same version table, '
        '"alembic_version" (pyproject.toml:4 [tool.alembic-migrate.bases.b])'
    )
    assert error.hint == (
        "give one of them a table of its own, below [tool.alembic-migrate.bases.b]:\n"
        'version_table = "alembic_version_b"'
    )


@pytest.mark.parametrize(
    ("first", "second", "more"),
    [
        (SAME, SAME, 'version_table = "other"'),
        (SAME, SAME, 'version_table_schema = "other"'),
        (SAME, "postgresql+psycopg://u:secret@h/other", ""),
        (SAME, "postgresql+psycopg://u:secret@h/d?options=-csearch_path%3Dx", ""),
        (SAME, "postgresql+psycopg://v:secret@h/d", ""),
        ("sqlite://", "sqlite://", ""),
        ("sqlite:///:memory:", "sqlite:///:memory:", ""),
        (SAME, "${UNSET}", ""),
    ],
)
def test_two_bases_may_share_what_is_not_one_version_table(
    place: Place, first: str, second: str, more: str
):
    assert len(place.load(two_urls(first, second, more=more)).select()) == 2
