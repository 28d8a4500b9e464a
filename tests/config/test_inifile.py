"""Alembic's own files: alembic.ini and [tool.alembic]."""

from __future__ import annotations

import io
import os

import alembic.command
import alembic.config
import pytest

from alembic_migrate.config.base import Origin

from .conftest import Place, caught

INI = """\
[alembic]
script_location = %(here)s/migrations
sqlalchemy.url = postgresql://u:a%%40b@h/d
file_template = %%(rev)s-%%(slug)s
timezone = UTC
truncate_slug_length = 20
path_separator = os
version_locations = %(here)s/migrations/a{sep}more/b
prepend_sys_path = src
recursive_version_locations = true
sourceless = false
revision_environment = yes
output_encoding = latin-1

[post_write_hooks]
hooks = ruff, Black
ruff.type = exec
ruff.executable = %(here)s/bin/ruff
ruff.options = format REVISION_SCRIPT_FILENAME
Black.type = console_scripts
"""


def test_everything_that_an_ini_sets_is_read(place: Place):
    ini = place.write("alembic.ini", INI.format(sep=os.pathsep))
    base = place.base()
    root = place.root
    assert base.ini == ini
    expected = {
        "url": "postgresql://u:a%40b@h/d",
        "file_template": "%(rev)s-%(slug)s",
        "timezone": "UTC",
        "truncate_slug_length": 20,
        "version_locations": (str(root / "migrations" / "a"), str(root / "more" / "b")),
        "pythonpath": (str(root / "src"), str(root)),
        "recursive_version_locations": True,
        "sourceless": False,
        "revision_environment": True,
        "output_encoding": "latin-1",
        "post_write_hooks": (
            {
                "name": "ruff",
                "type": "exec",
                "executable": f"{root}/bin/ruff",
                "options": "format REVISION_SCRIPT_FILENAME",
            },
            {"name": "Black", "type": "console_scripts"},
        ),
    }
    assert {key: base[key] for key in base.settings if base.is_set(key)} == expected
    assert {base.origin(key) for key in expected} == {Origin("ini", "alembic.ini")}


def test_the_toml_goes_before_an_ini(place: Place):
    place.write("alembic.ini", INI.format(sep=os.pathsep))
    base = place.base('[tool.alembic-migrate]\ntimezone = "Europe/Berlin"\npythonpath = ["lib"]\n')
    assert base["timezone"] == "Europe/Berlin"
    assert base["pythonpath"] == (str(place.root / "lib"),)
    assert base["output_encoding"] == "latin-1"


def test_an_ini_in_the_folder_needs_no_script_location_and_goes_before_the_roots(place: Place):
    place.write("migrations/alembic.ini", "[alembic]\ntimezone = A\n")
    place.write(
        "alembic.ini", "[alembic]\nscript_location = migrations\ntimezone = B\nsourceless = true\n"
    )
    base = place.base()
    assert (base["timezone"], base["sourceless"]) == ("A", True)
    assert base.origin("timezone") == Origin("ini", "migrations/alembic.ini")
    assert base.origin("sourceless") == Origin("ini", "alembic.ini")
    assert base.ini == place.root / "migrations" / "alembic.ini"


@pytest.mark.parametrize("location", [".", "%(here)s", "migrations", "../migrations"])
def test_an_ini_in_the_folder_may_name_it(place: Place, location: str):
    text = f"[alembic]\nscript_location = {location}\ntimezone = A\n"
    place.write("migrations/alembic.ini", text)
    assert place.base()["timezone"] == "A"


def test_an_ini_of_another_folder_counts_for_nothing_but_is_remembered(place: Place):
    ini = place.write("alembic.ini", "[alembic]\nscript_location = ./alembic\ntimezone = A\n")
    base = place.base()
    assert (base.ini, base["timezone"]) == (None, None)
    assert base.ini_location == (ini, "alembic")
    base = place.base('[tool.alembic-migrate]\ndirectory = "alembic"\n')
    assert (base.ini, base["timezone"], base.ini_location) == (ini, "A", None)


def test_an_ini_may_be_of_a_packages_folder(place: Place):
    text = "[alembic]\nscript_location = pkg:migrations\ntimezone = A\n"
    ini = place.write("alembic.ini", text)
    assert place.base('[tool.alembic-migrate]\ndirectory = "pkg:migrations"\n').ini == ini
    assert place.base("[tool.alembic-migrate]\n").ini_location == (ini, "pkg:migrations")


def test_an_ini_that_is_not_alembics_counts_for_nothing(place: Place):
    place.write("alembic.ini", "[other]\nscript_location = migrations\n")
    base = place.base()
    assert (base.ini, base.ini_location) == (None, None)


def test_the_placeholder_is_no_url(place: Place):
    place.write(
        "migrations/alembic.ini",
        "[alembic]\nsqlalchemy.url = driver://user:pass@localhost/dbname\n",
    )
    assert place.base().url is None


def test_a_relative_sqlite_path_of_an_ini_is_the_roots(place: Place):
    place.write("migrations/alembic.ini", "[alembic]\nsqlalchemy.url = sqlite:///a.db\n")
    assert place.base().url == f"sqlite:///{place.root}/a.db"


@pytest.mark.parametrize(
    ("lines", "locations"),
    [
        ("version_locations = a b, c", ["a", "b", "c"]),
        ("version_locations = a b;c\nversion_path_separator = ;", ["a b", "c"]),
        ("version_locations = a b\npath_separator = space", ["a", "b"]),
        ("version_locations =\n  a a\n  b\npath_separator = newline", ["a a", "b"]),
    ],
)
def test_version_locations_are_split_as_alembic_splits_them(
    place: Place, lines: str, locations: list[str]
):
    place.write("migrations/alembic.ini", f"[alembic]\n{lines}\n".encode())
    assert place.base()["version_locations"] == tuple(str(place.root / path) for path in locations)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "url = secret\n",
            ":1: this is not an ini file: a line stands before the first [section]",
            "a line looks like this: script_location = migrations",
        ),
        (
            "[alembic]\nsecret\n",
            ":2: this is not an ini file: a line is neither a [section] nor key = value",
            "a line looks like this: script_location = migrations",
        ),
        (
            "[alembic]\na = 1\na = 2\n",
            ":3: this is not an ini file: a key stands there twice",
            "a line looks like this: script_location = migrations",
        ),
        (
            "[alembic]\n[alembic]\n",
            ":2: this is not an ini file: a section stands there twice",
            "a line looks like this: script_location = migrations",
        ),
        (
            "[alembic]\nsqlalchemy.url = p://u:secret%40@h/d\n",
            ": [alembic] sqlalchemy.url has a % that begins no name",
            "in an ini file a % is written %%",
        ),
        (
            "[alembic]\ntruncate_slug_length = many\n",
            ": [alembic] truncate_slug_length must be a whole number above 0, but is 'many'",
            "truncate_slug_length = 40",
        ),
        (
            "[alembic]\nversion_locations = a\npath_separator = |\n",
            ": [alembic] path_separator must be space, newline, os, : or ;, but is '|'",
            "path_separator = os",
        ),
    ],
)
def test_a_faulty_ini_is_an_error(place: Place, text: str, message: str, hint: str):
    ini = place.write("migrations/alembic.ini", text)
    error = caught(place.base)
    assert (error.message, error.hint) == (f"{ini}{message}", hint)


def test_an_ini_that_is_not_utf8_is_an_error(place: Place):
    ini = place.write("alembic.ini", b"[alembic]\n\xff\n")
    assert caught(place.base).message == f"{ini}:2:1: this is not UTF-8: byte 0xff"


# --- [tool.alembic] --------------------------------------------------------------------------

TOOL_ALEMBIC = """\
[tool.alembic]
script_location = "%(here)s/migrations"
file_template = "%%(rev)s"
version_locations = ["%(here)s/v"]
prepend_sys_path = ["."]
sourceless = true
truncate_slug_length = 7

[[tool.alembic.post_write_hooks]]
name = "x"
type = "exec"
executable = "%(here)s/x"
"""


def test_what_tool_alembic_sets_is_read(place: Place):
    base = place.base(TOOL_ALEMBIC)
    root = place.root
    assert {key: base[key] for key in base.settings if base.is_set(key)} == {
        "file_template": "%(rev)s",
        "version_locations": (str(root / "v"),),
        "pythonpath": (str(root),),
        "sourceless": True,
        "truncate_slug_length": 7,
        "post_write_hooks": ({"name": "x", "type": "exec", "executable": f"{root}/x"},),
    }
    assert base.origin("file_template") == Origin("ini", "pyproject.toml:3 [tool.alembic]")
    assert base.origin("pythonpath") == Origin("ini", "pyproject.toml:5 [tool.alembic]")
    assert base.ini is None


def test_tool_alembic_of_another_folder_counts_for_nothing(place: Place):
    base = place.base(TOOL_ALEMBIC + '[tool.alembic-migrate]\ndirectory = "db"\n')
    assert not base.is_set("file_template")


def test_tool_alembic_is_checked(place: Place):
    error = caught(lambda: place.base(TOOL_ALEMBIC.replace("true", '"yes"')))
    assert error.message == (
        f'{place.at(6)} tool.alembic.sourceless must be true or false, but is a string, "yes"'
    )
    error = caught(lambda: place.base(TOOL_ALEMBIC.replace("%%", "%")))
    assert error.message == f"{place.at(3)} tool.alembic.file_template has a % that begins no name"
    assert error.hint == "in [tool.alembic] a % is written %%"


# --- what Alembic itself writes --------------------------------------------------------------


@pytest.mark.parametrize("template", ["generic", "async", "multidb", "pyproject"])
def test_the_files_that_alembic_makes_are_understood(place: Place, monkeypatch, template: str):
    monkeypatch.chdir(place.root)
    config = alembic.config.Config("alembic.ini", "pyproject.toml", stdout=io.StringIO())
    alembic.command.init(config, "migrations", template=template)
    base = place.base()
    assert base.ini == place.root / "alembic.ini"
    assert base.url is None
    assert base["pythonpath"] == (str(place.root),)
    assert {key for key in base.settings if base.is_set(key)} == {"pythonpath"}
    ini = (place.root / "alembic.ini").read_text()
    if template != "multidb":
        changed = ini.replace("driver://user:pass@localhost/dbname", "sqlite:///a.db")
        place.write("alembic.ini", changed)
        assert place.base().url == f"sqlite:///{place.root}/a.db"
