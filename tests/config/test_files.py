"""Finding and reading the TOML file, and on which line a key stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from alembic_migrate.config.files import find, line_of
from alembic_migrate.config.load import load
from alembic_migrate.errors import ConfigError, UsageError

from .conftest import Place, caught

TABLE = ("tool", "alembic-migrate")


def test_the_nearest_file_with_the_table_is_the_projects(place: Place):
    place.write("pyproject.toml", "[tool.alembic-migrate]\n")
    place.write("inner/pyproject.toml", "[tool.other]\n")
    deep = place.root / "inner" / "deep"
    deep.mkdir()
    configuration = place.load(cwd=deep)
    assert configuration.root == place.root
    assert configuration.file == place.root / "pyproject.toml"


def test_without_a_table_the_root_is_the_working_directory(place: Place):
    place.write("pyproject.toml", "[tool.other]\n")
    inner = place.root / "inner"
    inner.mkdir()
    configuration = place.load(cwd=inner)
    assert (configuration.root, configuration.file, configuration.names) == (
        inner,
        None,
        ("default",),
    )


def test_an_empty_table_counts(place: Place):
    assert place.load("[tool.alembic-migrate]\n").file == place.root / "pyproject.toml"


def test_project_and_config_are_relative_to_the_working_directory(place: Place):
    place.write("a/pyproject.toml", "[tool.alembic-migrate]\n")
    place.write("b/other.toml", "[tool.alembic-migrate]\n")
    assert place.load(start=Path("a")).root == place.root / "a"
    configuration = place.load(start=Path("a"), file=Path("b/other.toml"))
    assert configuration.root == place.root / "b"
    assert configuration.file == place.root / "b" / "other.toml"


def test_a_project_that_is_no_folder_is_an_error(place: Place):
    file = place.write("a.txt", "")
    error = caught(lambda: place.load(start=Path("nope")))
    assert isinstance(error, UsageError)
    assert error.message == f"--project: {place.root / 'nope'} does not exist"
    error = caught(lambda: place.load(start=file))
    assert error.message == f"--project: {file} is a file, not a folder"


def test_a_named_file_without_the_table_is_an_error(place: Place):
    file = place.write("other.toml", "[tool.other]\n")
    error = caught(lambda: place.load(file=file))
    assert error.message == f"{file} has no [tool.alembic-migrate] table"
    assert error.hint == "add one:\n[tool.alembic-migrate]"


def test_a_named_file_that_is_missing_or_a_folder_is_an_error(place: Place):
    error = caught(lambda: place.load(file=Path("nope.toml")))
    assert error.message == f"{place.root / 'nope.toml'}: there is no such file"
    assert error.hint == "name a TOML file that has a [tool.alembic-migrate] table"
    error = caught(lambda: place.load(file=place.root))
    assert error.message == f"{place.root} is a folder, not a file"


def test_a_pyproject_that_is_a_folder_is_an_error(place: Place):
    (place.root / "pyproject.toml").mkdir()
    error = place.fault()
    assert isinstance(error, ConfigError)
    assert error.message == f"{place.root / 'pyproject.toml'} is a folder, not a file"
    assert error.hint == "name a TOML file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_an_error(place: Place):
    file = place.write("pyproject.toml", "[tool.alembic-migrate]\n")
    file.chmod(0)
    error = place.fault()
    assert error.message == f"{file} cannot be read: Permission denied"
    assert error.hint == f"chmod u+r {file}"


def test_a_failing_read_is_an_error(place: Place, monkeypatch):
    file = place.write("pyproject.toml", "[tool.alembic-migrate]\n")

    def fail(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert place.fault().message == f"{file} cannot be read: Permission denied"


def test_a_file_that_is_not_utf8_is_an_error_with_line_and_column(place: Place):
    error = place.fault(b'[tool.alembic-migrate]\nmodule = "caf\xe9"\n')
    assert error.message == f"{place.at(2)}14: this is not UTF-8: byte 0xe9"
    assert error.hint == "save the file with the encoding UTF-8"


def test_a_file_that_is_not_toml_is_an_error_with_line_and_column(place: Place):
    error = place.fault("[tool.alembic-migrate]\nurl = postgresql://u:secret@h/d\n")
    assert error.message == f"{place.at(2)}7: this is not TOML: Invalid value"
    assert error.hint == 'a TOML line looks like this: base = "app"'
    error = place.fault("[tool.alembic-migrate\nbase = 1\n")
    assert error.message.startswith(place.at(1))


def test_an_ini_file_given_as_config_is_told_apart(place: Place):
    file = place.write("alembic.ini", "[alembic]\nscript_location = migrations\n")
    error = caught(lambda: place.load(file=file))
    assert error.message == f"{file}:2:19: this is not TOML: Invalid value"
    assert error.hint == (
        "an alembic.ini is found by itself; --config names a TOML file: --config pyproject.toml"
    )


def test_a_broken_file_further_above_is_somebody_elses(place: Place):
    place.write("pyproject.toml", "this is no TOML")
    place.write("inner/pyproject.toml", "[tool.other]\n")
    assert place.load(cwd=place.root / "inner").file is None
    place.write("pyproject.toml", "[tool.alembic-migrate")
    error = caught(lambda: find(place.root / "inner"))
    assert error.message.startswith(place.at(1))


def test_a_byte_order_mark_is_read_over(place: Place):
    assert place.load(b'\xef\xbb\xbf[tool.alembic-migrate]\nbase = "a.b"\n').default == "a.b"


def test_the_environment_and_the_working_directory_are_this_processes_by_default(
    place: Place, monkeypatch
):
    place.write("pyproject.toml", '[tool.alembic-migrate]\nmodule = "${SOME_MODULE}"\n')
    monkeypatch.chdir(place.root)
    monkeypatch.setenv("SOME_MODULE", "some.module")
    assert load().base("default")["module"] == "some.module"


def test_a_working_directory_that_is_gone_is_an_error(place: Place, monkeypatch):
    gone = place.root / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    error = caught(load)
    assert isinstance(error, UsageError)
    assert error.message == "the working directory does not exist any more"
    assert error.hint == "cd to one that does"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[tool.alembic-migrate]\nurl = 1\n", 2),
        ("# a\n[ tool . 'alembic-migrate' ] # b\n\n  \"url\"=1\n", 4),
        ("[tool]\nalembic-migrate.url = 1\n", 2),
        ("[tool]\na = 1\nalembic-migrate = {x = 2, url = 1}\n", 3),
        ('[x]\ny = """\n[tool.alembic-migrate]\nurl = 1\n"""\n[tool.alembic-migrate]\nurl=1', 7),
        ('[tool.alembic-migrate]\nmodels = [\n"]", # ]\nurl,\n"a"]\nurl = 1\n', 6),
        ("[tool.alembic-migrate]\r\na = 1\r\nurl = 1\r\n", 3),
        ("[tool.alembic-migrate]\na = 1\n", None),
        ("", None),
    ],
)
def test_the_line_of_a_key_is_found(text: str, line: int | None):
    assert line_of(text, TABLE, "url") == line


def test_the_line_of_a_table_is_that_of_its_head():
    text = "[tool.alembic-migrate]\n\n[tool.alembic-migrate.bases.app]\nurl = 1\n"
    assert line_of(text, (*TABLE, "bases", "app")) == 3
    assert line_of(text, TABLE) == 1


_WORDS = st.text(min_size=1, max_size=8)


@given(st.dictionaries(_WORDS, st.text(max_size=30) | st.lists(st.text(max_size=9)), min_size=1))
def test_the_line_of_every_key_that_tomlkit_writes_is_found(values: dict[str, object]):
    text = tomlkit.dumps({"tool": {"alembic-migrate": values}})
    lines = text.split("\n")
    for key, value in values.items():
        line = line_of(text, TABLE, key)
        assert line is not None
        assert (
            tomlkit.parse(lines[0] + "\n" + "\n".join(lines[line - 1 :]))["tool"][
                "alembic-migrate"
            ][key]
            == value
        )
