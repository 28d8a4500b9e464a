"""A pyproject.toml that is given a table."""

from __future__ import annotations

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_migrate.config.editing import add_table
from alembic_migrate.config.files import read
from alembic_migrate.errors import ConfigError

from .conftest import Place, caught

TABLE = """\
[tool.alembic-migrate]
# What stands here is true of every base; alembic-db config show tells every key.
# module = "model.base"  # has get_base(); or write metadata = "package.module:Base"
# url = "${DATABASE_URL}"  # goes before what get_base() returns
# directory = "migrations"  # the migrations folder
# More databases? Give each a table: [tool.alembic-migrate.bases.NAME]
"""


@pytest.mark.parametrize(
    ("before", "gap"),
    [
        (b"", b""),
        (b"[project]\nname = 'x'  # odd   \n", b"\n"),
        (b"[project]\nname = 'x'", b"\n\n"),
        (b"[tool.ruff]\n\n\n", b"\n"),
        (b"tool.x.y = 1\n", b"\n"),
    ],
)
def test_the_table_is_added_at_the_end_and_nothing_else_changes(place: Place, before, gap):
    file = place.write("pyproject.toml", before)
    assert add_table(file) is True
    assert file.read_bytes() == before + gap + TABLE.encode()
    assert place.load().file == file
    assert add_table(file) is False
    assert file.read_bytes() == before + gap + TABLE.encode()


def test_windows_newlines_stay(place: Place):
    file = place.write("pyproject.toml", b"[project]\r\nname = 'x'\r\n")
    add_table(file)
    assert file.read_bytes() == (
        b"[project]\r\nname = 'x'\r\n\r\n" + TABLE.replace("\n", "\r\n").encode()
    )


def test_what_differs_from_a_default_is_set(place: Place):
    file = place.write("pyproject.toml", "")
    add_table(file, module='app."base', directory="db/migrations")
    assert read(file).table == {"module": 'app."base', "directory": "db/migrations"}


def test_no_file_is_made(place: Place):
    assert add_table(place.root / "pyproject.toml") is False
    assert list(place.root.iterdir()) == []


def test_mode_and_symbolic_link_stay(place: Place):
    real = place.write("real.toml", "")
    real.chmod(0o640)
    link = place.root / "pyproject.toml"
    link.symlink_to(real)
    assert add_table(link) is True
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_text() == TABLE


@pytest.mark.parametrize("content", ["tool = {x = 1}\n", "[[tool]]\nx = 1\n", "tool = 1\n"])
def test_a_file_that_takes_no_table_is_an_error_and_stays_as_it_is(place: Place, content: str):
    file = place.write("pyproject.toml", content)
    if content.startswith("[["):
        assert add_table(file) is True  # a table of the last of an array is TOML
        return
    error = caught(lambda: add_table(file))
    assert isinstance(error, ConfigError)
    assert error.message == (
        f"{file} cannot be given a table at its end: tool is no table that takes one"
    )
    assert error.hint == f"write tool as a table of its own:\n{TABLE}"
    assert file.read_text() == content


def test_a_file_that_is_not_toml_is_an_error(place: Place):
    file = place.write("pyproject.toml", "a = \n")
    assert caught(lambda: add_table(file)).message == f"{file}:1:5: this is not TOML: Invalid value"


def test_a_full_disk_leaves_the_file_as_it_was_and_no_other(place: Place, monkeypatch):
    file = place.write("pyproject.toml", "a = 1\n")

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", fail)
    error = caught(lambda: add_table(file))
    assert error.message == f"{file} cannot be written: No space left on device"
    assert error.hint == "add it yourself:\n[tool.alembic-migrate]"
    assert file.read_text() == "a = 1\n"
    assert list(place.root.iterdir()) == [file]


LINES = st.sampled_from(
    ["# comment", "", "a = 1  # x", "[project]", "[tool.x]", "[tool]", "[[y]]", "b = '''", "'''"]
)


@given(st.lists(LINES), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_whatever_the_file_is_its_bytes_stay_in_front(tmp_path_factory, lines, newline, last):
    file = tmp_path_factory.mktemp("p") / "pyproject.toml"
    before = (newline.join(lines) + newline * last).encode()
    file.write_bytes(before)
    try:
        assert add_table(file) is True
    except ConfigError:
        assert file.read_bytes() == before
    else:
        assert file.read_bytes().startswith(before)
        assert read(file).table == {}
