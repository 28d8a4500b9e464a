"""The words of --base and ALEMBIC_BASE."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_migrate.config.base import Origin
from alembic_migrate.config.select import Asked, Known, pick
from alembic_migrate.errors import ConfigError, UsageError

from .conftest import Place, caught

TOML = """\
[tool.alembic-migrate]
compare_server_default = true
[tool.alembic-migrate.bases.app]
module = "app.base"
[tool.alembic-migrate.bases.tenant-b]
module = "tenants.base"
[tool.alembic-migrate.bases.tenant-a]
module = "tenants.base"
"""
NAMES = ("app", "tenant-b", "tenant-a")


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["app"], ["app"]),
        (["tenant-a", "app"], ["app", "tenant-a"]),
        (["tenant-a, app", "app"], ["app", "tenant-a"]),
        (["app.base"], ["app"]),
        (["tenant-*"], ["tenant-b", "tenant-a"]),
        (["*"], list(NAMES)),
        (["tenant-[ab]", "a?p"], list(NAMES)),
        (["my.module"], ["my.module"]),
        (["z.z,my.module,app,z.z"], ["app", "z.z", "my.module"]),
    ],
)
def test_words_mean_bases_in_the_files_order(place: Place, words: list[str], names: list[str]):
    assert list(place.load(TOML).choose(words)) == names


def test_the_variable_takes_the_same_words_and_only_counts_without_a_flag(place: Place):
    configuration = place.load(TOML, environ={"ALEMBIC_BASE": "tenant-*,app"})
    assert configuration.choose() == NAMES
    assert configuration.choose(["app"]) == ("app",)
    assert place.load(environ={"ALEMBIC_BASE": "nope"}).choose(all_bases=True) == NAMES
    assert place.load(environ={"ALEMBIC_BASE": ""}).choose() == NAMES


def test_the_files_base_counts_where_nothing_else_says(place: Place):
    toml = TOML.replace("[tool.alembic-migrate]\n", '[tool.alembic-migrate]\nbase = "tenant-*"\n')
    configuration = place.load(toml)
    assert configuration.default == "tenant-*"
    for mode in ("read", "write", "init"):
        assert configuration.choose(mode=mode) == NAMES[1:]
    assert configuration.choose(mode="status") == NAMES
    assert configuration.choose(all_bases=True) == NAMES
    assert configuration.choose(["app"]) == ("app",)
    assert place.load(environ={"ALEMBIC_BASE": "app"}).choose(mode="status") == ("app",)


def test_what_writes_asks_where_nothing_says_which(place: Place):
    error = caught(lambda: place.load(TOML).select(mode="write"))
    assert isinstance(error, UsageError)
    assert error.message == "which base? There are several: app, tenant-b, tenant-a"
    assert error.hint == "--base app, or --all for every one"


def test_a_single_base_is_meant_without_a_word(place: Place):
    named = place.load("[tool.alembic-migrate.bases.app]\n")
    for mode in ("read", "write", "init", "status"):
        assert named.choose(mode=mode) == ("app",)
        assert place.load("[tool.alembic-migrate]\n").choose(mode=mode) == ("default",)


def test_init_means_the_bases_without_a_folder(place: Place):
    configuration = place.load(TOML)
    assert configuration.choose(mode="init") == NAMES
    place.write("migrations/app/env.py", "")
    (place.root / "migrations" / "tenant-a").mkdir()
    assert configuration.choose(mode="init") == ("tenant-b", "tenant-a")
    place.write("migrations/tenant-a/x", "")
    place.write("migrations/tenant-b/x", "")
    assert configuration.select(mode="init") == ()


def test_init_makes_no_folder_of_a_package(place: Place):
    toml = '[tool.alembic-migrate.bases.a]\n[tool.alembic-migrate.bases.b]\ndirectory = "pkg:db"\n'
    assert place.load(toml).choose(mode="init") == ("a",)


def test_all_and_base_exclude_each_other(place: Place):
    error = caught(lambda: place.load(TOML).select(["app"], all_bases=True))
    assert isinstance(error, UsageError)
    assert error.message == "--all and --base exclude each other"
    assert error.hint == "leave one of them out"


HINT = 'the bases are: app, tenant-b, tenant-a; did you mean "tenant-a"?'


def test_an_unknown_word_says_who_asked_for_it_and_names_the_nearest(place: Place):
    error = caught(lambda: place.load(TOML).select(["app,tennant-a"]))
    assert isinstance(error, UsageError)
    assert error.message == 'there is no base "tennant-a" (asked for by --base)'
    assert error.hint == f"{HINT}\n--base tenant-a"

    error = caught(lambda: place.load(TOML, environ={"ALEMBIC_BASE": "tennant-a"}).select())
    assert isinstance(error, ConfigError)
    assert error.message == 'there is no base "tennant-a" (asked for by ALEMBIC_BASE)'
    assert error.hint == f"{HINT}\nALEMBIC_BASE=tenant-a"


def test_a_word_that_is_like_none_gets_the_names_alone(place: Place):
    error = caught(lambda: place.load(TOML).select(["nope"]))
    assert error.message == 'there is no base "nope" (asked for by --base)'
    assert error.hint == "the bases are: app, tenant-b, tenant-a\n--base app"
    error = caught(lambda: place.load(TOML).base("nope"))
    assert error.message == 'there is no base "nope" (asked for by --base)'


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("", "a base's name is empty"),
        ("app,", "a base's name is empty"),
        ("x*", 'no base matches "x*"'),
        ("a/b", 'there is no base "a/b"'),
        ("..", 'there is no base ".."'),
        ("a\x1b[31m", 'no base matches "a\\x1b[31m"'),
        ("class.x", 'there is no base "class.x"'),
    ],
)
def test_a_word_that_can_be_no_base_is_an_error(place: Place, word: str, message: str):
    error = caught(lambda: place.load(TOML).select([word]))
    assert error.message == f"{message} (asked for by --base)"


def test_the_module_of_several_bases_is_no_answer(place: Place):
    error = caught(lambda: place.load(TOML).select(["tenants.base"]))
    assert error.message == (
        '"tenants.base" is the module of several bases: tenant-b, tenant-a (asked for by --base)'
    )
    assert error.hint == "name one of them:\n--base tenant-b"


def test_a_module_is_a_base_of_its_own_with_the_tool_tables_defaults(place: Place):
    configuration = place.load(TOML, environ={"ALEMBIC_BASE": "my_model.base"})
    (base,) = configuration.select()
    assert (base.name, base.named, base["module"]) == ("my_model.base", False, "my_model.base")
    assert base.origin("module") == Origin("environment", "ALEMBIC_BASE")
    assert base.directory == place.root / "migrations"
    assert base["compare_server_default"] is True
    (base,) = place.load().select(["other.base"])
    assert base.origin("module") == Origin("flag", "--base")


def test_two_modules_would_share_a_folder(place: Place):
    file = place.write("pyproject.toml", TOML)
    error = caught(lambda: place.load().select(["x.a,x.b"]))
    assert error.message == (
        f"{file}: tool.alembic-migrate.directory is the folder of two bases, "
        '"x.a" and "x.b": migrations'
    )


def test_a_module_brings_its_own_models_not_the_tool_tables(place: Place):
    (base,) = place.load('[tool.alembic-migrate]\nmetadata = "app.db:Base"\n').select(
        ["other.base"]
    )
    assert (base["module"], base["metadata"]) == ("other.base", ())


def test_a_module_goes_before_the_tool_tables(place: Place):
    toml = '[tool.alembic-migrate]\nmodule = "x.base"\ndirectory = "db"\n'
    configuration = place.load(toml)
    assert configuration.choose(["x.base"]) == ("default",)
    (base,) = configuration.select(["y.base"])
    assert (base["module"], base.directory) == ("y.base", place.root / "db")


def test_a_module_without_a_dot_is_one_where_no_base_is_configured(place: Place):
    assert place.load("[tool.alembic-migrate]\n").choose(["models"]) == ("models",)
    assert caught(lambda: place.load(TOML).choose(["models"])).message == (
        'there is no base "models" (asked for by --base)'
    )


@pytest.mark.parametrize(
    ("overrides", "flag"),
    [
        ({"directory": "x"}, "--directory"),
        ({"url": "sqlite://"}, "--url"),
        ({"settings": ("url=sqlite://",)}, "--set url"),
        ({"settings": ("directory = 'x'",)}, "--set directory"),
    ],
)
def test_what_is_for_one_base_is_an_error_for_several(place: Place, overrides: dict, flag: str):
    configuration = place.load(TOML, **overrides)
    error = caught(lambda: configuration.select(["tenant-*"]))
    assert isinstance(error, UsageError)
    assert error.message == f"{flag} is for one base, and 2 are meant: tenant-b, tenant-a"
    assert error.hint == "--base tenant-b"
    assert len(configuration.select(["app"])) == 1


NAME = st.from_regex(r"[a-z-]{1,6}", fullmatch=True)


@given(st.lists(NAME, min_size=1, unique=True), st.data())
def test_any_words_give_known_names_in_order_or_an_error_that_lists_them(names, data):
    known = Known(tuple(names), dict.fromkeys(names, "model.base"), named=True)
    words = data.draw(st.lists(st.sampled_from(names) | st.text("ab*?,-/", max_size=5), min_size=1))
    asked = Asked(tuple(words), Origin("flag", "--base"))
    parts = {part.strip() for word in words for part in word.split(",")}
    if all(any(fnmatchcase(name, part) or name == part for name in names) for part in parts):
        found = pick(asked, known)
        assert [name for name in names if name in found] == list(found)
        assert set(found) >= parts & set(names)
        return
    hint = caught(lambda: pick(asked, known)).hint or ""
    assert hint.startswith(("the base is: ", "the bases are: "))
    assert ", ".join(names) in hint


def test_bases_run_after_those_that_they_name_and_else_in_the_files_order(place: Place):
    toml = "".join(
        f"[tool.alembic-migrate.bases.{name}]\nafter = {after}\n"
        for name, after in {"d": ["c"], "a": [], "c": ["b"], "b": []}.items()
    )
    configuration = place.load(toml)

    def order(*words: str) -> list[str]:
        return [base.name for base in configuration.in_order(configuration.select(words))]

    assert order() == ["b", "c", "d", "a"]
    assert order("d,b") == ["b", "d"]
    assert order("a,d") == ["d", "a"]


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.data())
def test_any_after_without_a_circle_is_respected(tmp_path_factory, names, data):
    earlier: list[str] = []
    after = {}
    for name in data.draw(st.permutations(names)):
        after[name] = data.draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        earlier.append(name)
    toml = "".join(f"[tool.alembic-migrate.bases.{n}]\nafter = {after[n]}\n" for n in names)
    place = Place(tmp_path_factory.mktemp("order"))
    configuration = place.load(toml or "[tool.alembic-migrate]\n")
    order = [base.name for base in configuration.in_order(configuration.select())]
    assert sorted(order) == sorted(names or ["default"])
    for name in names:
        assert all(order.index(other) < order.index(name) for other in after[name])
