from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from alembic_migrate.discovery.modules import load_object
from alembic_migrate.errors import DiscoveryError


@pytest.fixture(autouse=True)
def shop(monkeypatch):
    """A module like one that has a Flask-SQLAlchemy object with two binds."""
    module = ModuleType("shop")
    module.db = SimpleNamespace(metadata="main", metadatas={None: "main", "reporting": "second"})
    monkeypatch.setitem(sys.modules, "shop", module)


@pytest.mark.parametrize(
    ("path", "found"),
    [("shop:db.metadata", "main"), ("shop:db.metadatas.reporting", "second")],
)
def test_an_object_is_named_by_attributes_and_by_keys(path, found):
    assert load_object(path, "metadata") == found


@pytest.mark.parametrize(
    ("path", "missing", "names"),
    [
        ("shop:Base", "Base", "db"),
        ("shop:db.metadatas.reports", "db.metadatas.reports", "None, reporting"),
        ("shop:db.metadata.x", "db.metadata.x", "none"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_those_that_are(path, missing, names):
    with pytest.raises(DiscoveryError) as raised:
        load_object(path, "metadata")
    assert raised.value.message == f"metadata = {path!r}: shop has no {missing}"
    assert raised.value.hint == f"its names: {names}"
