"""Layers: who sets a key, where it came from, and paths."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_migrate.config.base import Origin, anchored_url
from alembic_migrate.config.keys import KEYS

from .conftest import Place, caught

APP = "[tool.alembic-migrate.bases.app]\n"
TOOL = "[tool.alembic-migrate]\n"


def test_without_toml_the_base_is_the_ancestors(place: Place):
    base = place.base()
    assert (base.name, base.named, base.file, base.ini) == ("default", False, None, None)
    assert (base["module"], base.directory, base.url) == (
        "model.base",
        place.root / "migrations",
        None,
    )
    assert not any(base.is_set(key) for key in base.settings)
    assert set(base.settings) == {k.name for k in KEYS if k.scope == "base"} | {"pythonpath"}


def test_named_bases_have_folders_of_their_own_by_default(place: Place):
    base = place.base(APP, "app")
    assert (base.named, base.directory) == (True, place.root / "migrations" / "app")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            layer: st.booleans() | st.just("app.hooks:compare") for layer in ("set", "base", "tool")
        },
    )
)
def test_a_flag_goes_before_a_base_which_goes_before_the_tool_table(tmp_path_factory, layers):
    place = Place(tmp_path_factory.mktemp("layers"))
    written = {layer: f"compare_type = {json.dumps(value)}\n" for layer, value in layers.items()}
    toml = TOOL + written.get("tool", "\n") + APP + written.get("base", "\n")
    settings = (written["set"].strip(),) if "set" in written else ()
    base = place.base(toml, "app", settings=settings)
    wins = next((layer for layer in ("set", "base", "tool") if layer in layers), None)
    assert base["compare_type"] == layers.get(wins, True)
    assert (
        base.origin("compare_type")
        == {
            "set": Origin("flag", "--set compare_type"),
            "base": Origin("file", "pyproject.toml:4 [tool.alembic-migrate.bases.app]"),
            "tool": Origin("file", "pyproject.toml:2 [tool.alembic-migrate]"),
            None: Origin("default", "default"),
        }[wins]
    )
    assert base.is_set("compare_type") == bool(layers)


TEXT = st.text("abc", min_size=1, max_size=3)
TABLES = st.dictionaries(
    st.sampled_from(["module", "version_table_schema", "file_template", "user_module_prefix"]), TEXT
)


@given(TABLES, st.dictionaries(st.sampled_from(["one", "two", "three"]), TABLES, min_size=1))
def test_every_base_inherits_what_it_does_not_set(tmp_path_factory, tool, bases):
    place = Place(tmp_path_factory.mktemp("inherit"))
    toml = TOOL + "".join(f'{key} = "{value}"\n' for key, value in tool.items())
    for name, table in bases.items():
        toml += f"[tool.alembic-migrate.bases.{name}]\n"
        toml += "".join(f'{key} = "{value}"\n' for key, value in table.items())
    configuration = place.load(toml)
    assert configuration.names == tuple(bases)
    for base in configuration.select():
        for key, value in {**tool, **bases[base.name]}.items():
            assert base[key] == value
            table = f".bases.{base.name}]" if key in bases[base.name] else "]"
            assert base.origin(key).text.endswith(f"[tool.alembic-migrate{table}")
        assert {key for key in base.settings if base.is_set(key)} == {*tool, *bases[base.name]}


def test_flags_go_before_everything(place: Place):
    toml = TOOL + 'url = "sqlite:///toml.db"\ndirectory = "toml"\n'
    base = place.base(
        toml, url="sqlite:///typed.db", directory="typed", settings=("url=sqlite://", "env=builtin")
    )
    assert base.url == f"sqlite:///{place.root}/typed.db"
    assert base.origin("url") == Origin("flag", "--url")
    assert base.directory == place.root / "typed"
    assert base.origin("directory") == Origin("flag", "--directory")
    assert (base["env"], base.origin("env")) == ("builtin", Origin("flag", "--set env"))


def test_what_is_typed_is_relative_to_the_working_directory_and_taken_literally(place: Place):
    inner = place.root / "inner"
    inner.mkdir()
    place.write("pyproject.toml", TOOL + 'directory = "db"\nversion_locations = ["db/v"]\n')
    base = place.base(cwd=inner)
    assert base.directory == place.root / "db"
    assert base["version_locations"] == (str(place.root / "db" / "v"),)
    base = place.base(
        cwd=inner,
        directory="../other",
        url="sqlite:///${X}.db",
        settings=('version_locations = ["v", "pkg:v", "/abs/v"]',),
    )
    assert base.directory == place.root / "other"
    assert base.url == f"sqlite:///{inner}/${{X}}.db"
    assert base["version_locations"] == (str(inner / "v"), "pkg:v", "/abs/v")


@pytest.mark.parametrize("flag", ["directory", "url"])
def test_an_empty_flag_is_an_error(place: Place, flag: str):
    error = caught(lambda: place.base(**{flag: " "}))
    assert error.message == f"--{flag} is empty"
    assert error.hint == "give it a value or leave it out"


def test_a_folder_of_a_package_stays_as_it_is_written(place: Place):
    assert place.base(TOOL + 'directory = "pkg.sub:migrations"\n')["directory"] == (
        "pkg.sub:migrations"
    )


@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        ("sqlite:///app.db", "sqlite:////srv/app.db"),
        ("sqlite:///./a/../app.db?timeout=5", "sqlite:////srv/app.db?timeout=5"),
        ("sqlite+aiosqlite:///app.db", "sqlite+aiosqlite:////srv/app.db"),
        ("sqlite+pysqlcipher://:pw@/app.db", "sqlite+pysqlcipher://:pw@//srv/app.db"),
        ("sqlite:////abs/app.db", "sqlite:////abs/app.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///", "sqlite:///"),
        ("sqlite:///?x=y", "sqlite:///?x=y"),
        ("sqlite:///file:app.db?uri=true", "sqlite:///file:app.db?uri=true"),
        ("postgresql://h/app.db", "postgresql://h/app.db"),
    ],
)
def test_a_relative_sqlite_path_is_made_absolute(url: str, resolved: str, tmp_path):
    from pathlib import Path

    assert anchored_url(url, Path("/srv")) == resolved


def test_an_empty_url_is_left_to_the_next_layer(place: Place):
    toml = TOOL + 'url = "sqlite:////tool.db"\n' + APP + 'url = "${DATABASE_URL:-}"\n'
    base = place.base(toml, "app")
    assert base.url == "sqlite:////tool.db"
    assert base.origin("url").text == "pyproject.toml:2 [tool.alembic-migrate]"
    assert place.base(TOOL + 'url = ""\n').url is None


def test_another_key_that_is_empty_in_the_end_is_an_error(place: Place):
    base = place.base(TOOL + 'version_table = "${V:-}"\n')
    assert caught(lambda: base["version_table"]).message == (
        f"{place.at(2)} tool.alembic-migrate.version_table is empty once its variables are replaced"
    )


def test_a_variable_that_is_not_set_is_an_error_of_its_key_alone(place: Place):
    base = place.base(TOOL + 'url = "${DATABASE_URL}"\n')
    assert base["module"] == "model.base"
    assert base.is_set("url")
    assert caught(lambda: base.url) is base.errors["url"]


def test_variables_are_read_for_the_bases_that_are_used_only(place: Place):
    read: list[str] = []

    class Environment(dict[str, str]):
        def get(self, key, default=None):
            read.append(key)
            return super().get(key, default)

    environ = Environment(A="sqlite://", B="sqlite://")
    toml = APP + 'url = "${A}"\n[tool.alembic-migrate.bases.b]\nurl = "${B}"\n'
    place.load(toml, environ=environ).select(["app"])
    assert read == ["A"]


def test_variables_stand_in_arrays_and_tables_too(place: Place):
    toml = TOOL + (
        'models = ["${PKG}.models"]\n'
        'post_write_hooks = [{name = "x", type = "exec", executable = "${BIN}"}]\n'
        'version_locations = ["${DIR}/versions"]\n'
    )
    base = place.base(toml, environ={"PKG": "shop", "BIN": "/bin/true", "DIR": "db"})
    assert base["models"] == ("shop.models",)
    assert base["post_write_hooks"] == ({"name": "x", "type": "exec", "executable": "/bin/true"},)
    assert base["version_locations"] == (str(place.root / "db" / "versions"),)


def test_a_percent_needs_no_doubling(place: Place):
    base = place.base(TOOL + 'file_template = "%(rev)s_%%"\nurl = "sqlite:////%41"\n')
    assert (base["file_template"], base.url) == ("%(rev)s_%%", "sqlite:////%41")


def test_the_pythonpath_is_the_root_unless_it_is_set(place: Place):
    configuration = place.load(TOOL)
    assert configuration.pythonpath == (place.root,)
    assert configuration.base("default")["pythonpath"] == (str(place.root),)
    configuration = place.load(TOOL + 'pythonpath = ["src", "${X:-lib}"]\n')
    assert configuration.pythonpath == (place.root / "src", place.root / "lib")
    assert configuration.base("default")["pythonpath"] == (
        str(place.root / "src"),
        str(place.root / "lib"),
    )


def test_a_base_can_be_sent_to_another_process_and_hides_its_password(place: Place):
    base = place.base(TOOL + 'url = "postgresql://u:secret@h/d"\nmodule = "${X}"\n')
    again = pickle.loads(pickle.dumps(base))
    assert again.url == base.url
    assert again.errors["module"].message == base.errors["module"].message
    assert "secret" not in repr(base)


def test_a_configuration_hides_passwords_in_its_repr(place: Place):
    configuration = place.load(
        TOOL + 'url = "postgresql://u:secret@h/d"\n',
        environ={"X": "secret"},
        url="postgresql://u:secret@h/d",
        settings=("url=secret",),
    )
    for value in (configuration, *vars(configuration).values()):
        if not isinstance(value, dict):
            assert "secret" not in repr(value)


def test_a_base_is_resolved_once(place: Place):
    configuration = place.load()
    assert configuration.base("default") is configuration.base("default")


def test_a_value_with_every_odd_character_is_taken_literally(place: Place):
    value = "%s%% ${X} $$ {name} '\"` @:/?#\n\u00e4"
    toml = TOOL + 'url = "${ALL}"\nversion_table = "${ALL}"\nmodels = ["${ALL}"]\n'
    base = place.base(toml, environ={"ALL": value, "X": "never"})
    assert (base.url, base["version_table"], base["models"]) == (value, value, (value,))


def test_a_folder_may_be_typed_later(place: Place):
    configuration = place.load(TOOL, url="sqlite://")
    assert configuration.base("default").directory == place.root / "migrations"
    base = configuration.with_directory("other").base("default")
    assert (base.directory, base.url) == (place.root / "other", "sqlite://")
    assert configuration.base("default").directory == place.root / "migrations"


def test_the_version_tables_of_all_bases_are_known_without_a_variable(place: Place):
    toml = TOOL + 'version_table = "v_{name}"\n' + APP
    toml += '[tool.alembic-migrate.bases.b]\nversion_table = "${X}"\n'
    assert place.load(toml).version_tables() == {"v_app", "${X}"}
    assert place.load("[tool.x]\n").version_tables() == {"alembic_version"}


# --- config show -----------------------------------------------------------------------------


def test_rows_tell_every_key_with_its_origin_and_no_password(place: Place):
    toml = TOOL + (
        'url = "postgresql://u:secret@h/d?password=secret"\n'
        'models = ["a"]\nmodule = "x.base"\nversion_table = "${UNSET}"\n'
        'engine = "app.db:engine"\n'
    )
    rows = {row.key: row for row in place.load(toml).rows(["default"])}
    assert list(rows) == [k.name for k in KEYS if k.scope == "base" or k.name == "pythonpath"]
    url = rows["url"]
    assert (url.base, url.value, url.origin, url.error) == (
        "default",
        "postgresql://u:***@h/d?password=***",
        "pyproject.toml:2 [tool.alembic-migrate]",
        None,
    )
    assert rows["models"].value == ["a"]
    assert rows["directory"].value == str(place.root / "migrations")
    assert rows["directory"].origin == "default"
    table = rows["version_table"]
    assert (table.value, table.origin) == (None, "pyproject.toml:5 [tool.alembic-migrate]")
    assert table.error == (
        f"{place.at(5)} tool.alembic-migrate.version_table "
        "needs the variable UNSET, which is not set"
    )


@pytest.mark.parametrize(
    ("toml", "origin"),
    [
        ("", "get_base()"),
        ('metadata = "app:Base"', "default"),
        ('models = ["a"]', "default"),
        ('models = ["a"]\nmodule = "b"', "get_base()"),
    ],
)
def test_the_row_of_a_missing_url_names_get_base(place: Place, toml: str, origin: str):
    rows = place.load(f"{TOOL}{toml}\n").rows(["default"])
    (row,) = (row for row in rows if row.key == "url")
    assert (row.value, row.origin) == (None, origin)
