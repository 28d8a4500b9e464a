"""What is plainly right is taken without the model, and the model would have taken it too."""

from __future__ import annotations

import itertools

import pytest
import tomli

from alembic_migrate.config import model
from alembic_migrate.config.keys import BY_NAME, KEYS, TENANT_KEYS
from alembic_migrate.config.problems import Place
from alembic_migrate.config.validation import _is_plain, validate
from alembic_migrate.errors import AlembicMigrateError

TEXTS = (
    *("", " ", "\n", "a", "auto", "builtin", "session", "require", "${X}", "\u2665"),
    *("app.db:make", "app:", ":x", "app.class:x", "a b:c", "app.db:Base.metadata"),
)
NUMBERS = (-1, 0, 1, 10**30, 0.5, 0.0, float("inf"))
SCALARS = (*TEXTS, *NUMBERS, True, False, None, b"a", ("a",))
VALUES = (
    *SCALARS,
    [],
    *([each] for each in SCALARS),
    ["a", ""],
    {},
    [{}],
    [{"name": "a", "type": "exec"}],
    [{"name": 1}],
    [{1: "a"}],
    [{"name": "a"}, "a"],
)


@pytest.mark.parametrize("scope", ["tool", "base"])
def test_what_is_plainly_right_is_right_for_the_model(scope):
    plain = 0
    names = [*(BY_NAME.keys() - {"tenants"}), "bases", "nope", ""]
    for name, value in itertools.product(names, VALUES):
        if _is_plain(name, value, scope):
            assert model.validate(Place(path=None), {name: value}, scope) == {name: value}
            plain += 1
    assert plain > 5 * len(KEYS)


@pytest.mark.parametrize(
    "key",
    [key for key in KEYS if not key.type.endswith("s table") or key.name == "post_write_hooks"],
    ids=lambda key: key.name,
)
def test_the_examples_of_every_key_are_plainly_right(key):
    value = tomli.loads(f"value = {key.example}")["value"]
    assert _is_plain(key.name, value, "tool")
    assert _is_plain(key.name, value, "base") == (key.scope == "base")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nope", 1),
        ("lock", "maybe"),
        ("url", 1),
        ("compare_type", "x"),
        ("models", "x"),
        ("env", []),
    ],
)
def test_whatever_is_wrong_is_told_by_the_model(name, value):
    place = Place(path=None)
    with pytest.raises(AlembicMigrateError) as ours:
        validate(place, {name: value}, "base")
    with pytest.raises(AlembicMigrateError) as models:
        model.validate(place, {name: value}, "base")
    assert ours.value.as_dict() == models.value.as_dict()


SOURCES = (
    {},
    {"names": ["a"]},
    {"names": ["a", "a"]},
    {"names": ["a", " b"]},
    {"names": "a"},
    {"names": [1]},
    {"query": "SELECT 1"},
    {"query": ""},
    {"query": "SELECT 1", "query_url": "${X}"},
    {"query_url": "sqlite://"},
    {"function": "app.tenants:names"},
    {"function": "names"},
    {"names": ["a"], "query": "SELECT 1"},
)
PLACES = (
    {},
    {"schema": "t_{tenant}"},
    {"schema": "t"},
    {"url": "sqlite:///{tenant}.db"},
    {"url": "${X}"},
    {"url": 1},
    {"schema": "{tenant}", "url": "sqlite:///{tenant}.db"},
    {"shared": ["public"]},
    {"shared": "public"},
    {"nope": 1},
)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_table_of_tenants_is_judged_as_by_the_model(source):
    for where in PLACES:
        table = {"tenants": source | where}
        assert _judged(validate, table) == _judged(model.validate, table)


def _judged(judge, values):
    try:
        return judge(Place(path=None), values, "base")
    except AlembicMigrateError as error:
        return error.as_dict()


@pytest.mark.parametrize("value", [1, "a", [], ["a"], [{}], None], ids=str)
def test_what_is_no_table_of_tenants_is_judged_by_the_model(value):
    assert not _is_plain("tenants", value, "base")


def test_the_examples_of_the_tenants_keys_are_plainly_right():
    for key in TENANT_KEYS:
        value = tomli.loads(f"value = {key.example}")["value"]
        assert _is_plain("tenants", {key.name: value}, "base")


def test_what_is_in_doubt_is_judged_by_the_model():
    assert validate(Place(path=None), {"lock_wait": 0.5}, "base") == {"lock_wait": 0.5}
