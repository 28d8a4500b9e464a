"""The keys themselves, and what is made of them: the JSON Schema and the README's table."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields

from alembic_migrate.config.keys import BY_NAME, FOREIGN_NAMES, KEYS, PER_BASE
from alembic_migrate.config.model import model
from alembic_migrate.config.reference import config_table
from alembic_migrate.config.schema import _TYPES, json_schema

HEAVY = ("pydantic", "tomlkit", "sqlalchemy", "alembic", "rich", "click", "tomli")


def imported(program: str) -> set[str]:
    """Return which heavy packages a program imports."""
    program += f"\nimport sys; print([name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(re.findall(r"'(\w+)'", result.stdout))


def test_keys_and_schema_import_nothing_heavy():
    assert imported("import alembic_migrate.config.keys") == set()
    assert imported("import alembic_migrate.config.schema as s; s.json_schema()") == set()
    assert imported("import alembic_migrate.config.reference as r; r.config_table()") == set()


def test_loading_and_resolving_import_no_sqlalchemy_and_pydantic_for_what_is_in_doubt_alone():
    load = "from alembic_migrate.config.load import load, Overrides; c = load({}); c.choose()"
    plain = load.format("")
    doubtful = load.format("overrides=Overrides(settings=['lock_wait=0.5'])")
    assert imported(plain) == {"tomli"}
    assert imported(f"{plain}; c.rows(c.names)") == {"tomli"}
    assert imported(f"{doubtful}; c.rows(c.names)") == {"tomli", "pydantic"}


def test_every_key_is_named_once_and_described_in_one_sentence():
    assert len(BY_NAME) == len(KEYS)
    for key in KEYS:
        assert key.help == key.help.strip()
        assert not key.help.endswith(".")
        assert key.example
        assert all(getattr(key, field.name) is not None for field in fields(key)[:3])
    assert set(FOREIGN_NAMES.values()) | set(PER_BASE) <= set(BY_NAME)
    assert not set(FOREIGN_NAMES) & set(BY_NAME)


def test_the_model_has_every_key():
    assert set(model("tool").model_fields) == set(BY_NAME)
    assert set(model("base").model_fields) == {k.name for k in KEYS if k.scope == "base"}


def test_the_schema_has_every_key_and_allows_no_other():
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert list(schema["properties"]) == [*BY_NAME, "bases"]
    base = schema["$defs"]["base"]
    assert list(base["properties"]) == [k.name for k in KEYS if k.scope == "base"]
    assert schema["additionalProperties"] is base["additionalProperties"] is False
    assert schema["properties"]["bases"] == {
        "description": "The named bases; each inherits the keys of the tool table.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": "^[A-Za-z0-9_-]+$"},
        "additionalProperties": {"$ref": "#/$defs/base"},
    }
    assert base["properties"]["env"] == {
        "description": (
            "Whose environment runs: auto is the folder's env.py if there is one, "
            "builtin ignores it."
        ),
        "enum": ["auto", "builtin"],
        "default": "auto",
    }
    assert base["properties"]["connect_timeout"] == {
        "description": "Seconds for each host of the URL to answer; set, it overrides the "
        "URL's own.",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 10,
    }
    assert base["properties"]["timezone"] == {
        "description": "The time zone of dates in revision files; empty is local time.",
        "type": "string",
    }


def test_the_schemas_pattern_of_a_hook_takes_what_a_hook_is():
    pattern = _TYPES["hook"]["pattern"]
    assert re.search(pattern, "app.hooks:compare")
    assert re.search(pattern, "app:Hooks.compare")
    for wrong in ("app.hooks", "app:", ":x", "a b:c", "1a:b", "a..b:c"):
        assert not re.search(pattern, wrong)


def test_the_table_has_a_row_for_every_key():
    lines = config_table().splitlines()
    assert lines[:2] == ["| key | type | default | what it does |", "| --- | --- | --- | --- |"]
    assert [line.split("`")[1] for line in lines[2:]] == list(BY_NAME)
    assert (
        '| `compare_type` | boolean or `"module:function"` | `true` | '
        "whether autogenerate compares column types |"
    ) in lines
    assert (
        '| `pythonpath` | array of paths | `["."]` | folders that are put on sys.path, '
        "relative to the project's root (tool table only) |"
    ) in lines
