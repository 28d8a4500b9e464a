"""Every key of ``[tool.alembic-migrate]``, one plain record each.

click's help, the pydantic model, the JSON Schema and the README's table are made from these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

TABLE = ("tool", "alembic-migrate")

KeyType = Literal[
    "string",
    "boolean",
    "integer",
    "number",
    "path",
    "paths",
    "strings",
    "hook",
    "boolean or hook",
    "strings or string",
    "hooks table",
]


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        name: the key as it stands in TOML.
        type: what a value may be; ``hook`` is a string ``package.module:function``.
        help: what it does, one sentence without a full stop.
        default: the value where nothing sets it; None where that depends or there is none.
        scope: ``tool`` stands in the tool table only; ``base`` in a base's table, and in the tool
            table for every base to inherit.
        secret: the value may hold a password and is never shown as it is.
        choices: the only strings allowed; empty where any is.
        example: a value as TOML, for the line to paste in an error.
        blank: an empty string means something.
        positive: a number must be above zero.
    """

    name: str
    type: KeyType
    help: str
    default: Any = None
    scope: Literal["tool", "base"] = "base"
    secret: bool = False
    choices: tuple[str, ...] = ()
    example: str = ""
    blank: bool = False
    positive: bool = False


_HOOK = '"app.hooks:{}"'


def _hook(name: str, text: str) -> Key:
    return Key(name, "hook", text, example=_HOOK.format(name))


_TOOL_KEYS = (
    Key(
        "base",
        "string",
        "the base that is meant where neither --base nor ALEMBIC_BASE says; names of several may "
        "be separated by commas",
        scope="tool",
        example='"app"',
    ),
    Key(
        "env_file",
        "path",
        "a dotenv file that fills in for variables that the environment lacks",
        scope="tool",
        example='".env"',
    ),
    Key(
        "pythonpath",
        "paths",
        "folders that are put on sys.path, relative to the project's root",
        default=(".",),
        scope="tool",
        example='["src"]',
    ),
)

_BASE_KEYS = (
    Key(
        "module",
        "string",
        "the module that has get_base() and may have import_models()",
        default="model.base",
        example='"model.base"',
    ),
    Key(
        "metadata",
        "strings or string",
        "instead of get_base(): a declarative base or MetaData as module:name, or several",
        example='"app.db:Base"',
    ),
    Key(
        "models",
        "strings",
        "modules to import; a trailing .* means every module below",
        default=(),
        example='["app.models.*"]',
    ),
    Key(
        "url",
        "string",
        "the database's SQLAlchemy URL; goes before what get_base() returns",
        secret=True,
        example='"${DATABASE_URL}"',
        blank=True,
    ),
    Key(
        "directory",
        "path",
        "the migrations folder, or package:folder; by default migrations, and migrations/NAME "
        "for a named base",
        example='"migrations"',
    ),
    Key(
        "env",
        "string",
        "whose environment runs: auto takes the folder's env.py where there is one, builtin "
        "ignores it",
        default="auto",
        choices=("auto", "builtin"),
        example='"builtin"',
    ),
    Key(
        "after",
        "strings",
        "bases that run before this one when several run; a downgrade goes the other way",
        default=(),
        example='["app"]',
    ),
    Key(
        "protected",
        "boolean",
        "whether what may lose data asks for --confirm BASENAME",
        default=False,
        example="true",
    ),
    Key(
        "drop_unowned",
        "boolean",
        "whether autogenerate may drop a table that no revision of this history made",
        default=False,
        example="true",
    ),
    Key(
        "connect_timeout",
        "number",
        "seconds to wait for the database to answer",
        default=10,
        example="10",
        positive=True,
    ),
    Key("engine", "hook", "a function that returns the engine", example='"app.db:make_engine"'),
    Key(
        "version_table",
        "string",
        "the name of the version table",
        default="alembic_version",
        example='"alembic_version"',
    ),
    Key(
        "version_table_schema", "string", "the schema of the version table", example='"migrations"'
    ),
    Key(
        "version_table_pk",
        "boolean",
        "whether the version table gets a primary key",
        default=True,
        example="true",
    ),
    Key(
        "include_schemas",
        "boolean",
        "whether autogenerate looks at every schema",
        default=False,
        example="true",
    ),
    Key(
        "compare_type",
        "boolean or hook",
        "whether autogenerate compares column types",
        default=True,
        example="true",
    ),
    Key(
        "compare_server_default",
        "boolean or hook",
        "whether autogenerate compares server defaults",
        default=False,
        example="true",
    ),
    Key(
        "render_as_batch",
        "boolean",
        "whether autogenerate writes batch operations; by default on for SQLite",
        example="true",
    ),
    Key(
        "transaction_per_migration",
        "boolean",
        "whether each revision gets a transaction of its own",
        default=False,
        example="true",
    ),
    Key(
        "transactional_ddl",
        "boolean",
        "whether DDL runs in a transaction; by default what the database can do",
        example="true",
    ),
    Key(
        "user_module_prefix",
        "string",
        "what stands before the names of user-defined types in revisions",
        example='"types."',
        blank=True,
    ),
    Key(
        "sqlalchemy_module_prefix",
        "string",
        "what stands before SQLAlchemy's names in revisions",
        default="sa.",
        example='"sa."',
        blank=True,
    ),
    Key(
        "alembic_module_prefix",
        "string",
        "what stands before Alembic's operations in revisions",
        default="op.",
        example='"op."',
        blank=True,
    ),
    Key(
        "autogenerate_plugins",
        "strings",
        "Alembic's autogenerate plugins to use",
        default=(),
        example='["alembic.autogenerate.*"]',
    ),
    _hook("include_object", "a function that says which objects autogenerate looks at"),
    _hook("include_name", "a function that says which names autogenerate reads"),
    _hook("render_item", "a function that renders parts of a revision"),
    _hook("process_revision_directives", "a function that may change what autogenerate made"),
    _hook("on_version_apply", "a function that is called after each revision"),
    Key(
        "file_template",
        "string",
        "the names of revision files, with Alembic's %(rev)s, %(slug)s, %(year)d and so on",
        example='"%(year)d_%(rev)s_%(slug)s"',
    ),
    Key(
        "timezone",
        "string",
        "the time zone of the dates in revision files; local time where it is empty",
        example='"UTC"',
        blank=True,
    ),
    Key(
        "truncate_slug_length",
        "integer",
        "the longest slug in a revision file's name, in characters",
        default=40,
        example="40",
        positive=True,
    ),
    Key(
        "version_locations",
        "paths",
        "the folders of the revision files; by default versions in the migrations folder",
        default=(),
        example='["migrations/versions"]',
    ),
    Key(
        "recursive_version_locations",
        "boolean",
        "whether revision files are looked for in sub-folders too",
        default=False,
        example="true",
    ),
    Key(
        "sourceless",
        "boolean",
        "whether compiled files without a source count as revisions",
        default=False,
        example="true",
    ),
    Key(
        "revision_environment",
        "boolean",
        "whether the revision command always runs the environment",
        default=False,
        example="true",
    ),
    Key(
        "output_encoding",
        "string",
        "the encoding of the revision files written",
        default="utf-8",
        example='"utf-8"',
    ),
    Key(
        "post_write_hooks",
        "hooks table",
        "programs that are run on a new revision file, as in Alembic's pyproject.toml",
        default=(),
        example='[{ name = "ruff", type = "exec", executable = "ruff", options = "format" }]',
    ),
)

KEYS: tuple[Key, ...] = _TOOL_KEYS + _BASE_KEYS
BY_NAME: dict[str, Key] = {key.name: key for key in KEYS}

# What Alembic and Flask-Migrate call some of these: a name of theirs is answered with ours.
FOREIGN_NAMES: dict[str, str] = {
    "script_location": "directory",
    "sqlalchemy.url": "url",
    "sqlalchemy_url": "url",
    "prepend_sys_path": "pythonpath",
    "target_metadata": "metadata",
}

# A value of one of these in the tool table would be one and the same for every base.
PER_BASE: tuple[str, ...] = ("directory", "url", "version_table")
