"""What is plainly right is taken without the model, and the model would have taken it too."""

from __future__ import annotations

import itertools

import pytest
import tomli

from alembic_migrate.config import model
from alembic_migrate.config.keys import BY_NAME, KEYS
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
    for name, value in itertools.product([*BY_NAME, "bases", "nope", ""], VALUES):
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


def test_what_is_in_doubt_is_judged_by_the_model():
    assert validate(Place(path=None), {"lock_wait": 0.5}, "base") == {"lock_wait": 0.5}
