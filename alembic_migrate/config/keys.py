"""Every key of ``[tool.alembic-migrate]``, one plain record each.

click's help, the pydantic model, the JSON Schema and the README's table are made from these.
"""

from __future__ import annotations

from alembic_migrate.config.key import Key, flag, flag_or_hook, hook, prefix, strings, text

TABLE = ("tool", "alembic-migrate")

SEVERITIES = ("error", "warning", "off")  # those of findings.Severity, which costs an import

_BASE = "the base that is meant where neither --base nor ALEMBIC_BASE says; commas separate several"
_ENV_FILE = "a dotenv file that fills in for variables that the environment lacks"
_PYTHONPATH = "folders that are put on sys.path, relative to the project's root"
_METADATA = "instead of get_base(): a declarative base or a MetaData as module:name, or several"
_URL = "the database's SQLAlchemy URL; goes before what get_base() returns"
_DIRECTORY = (
    "the migrations folder, or package:folder; by default migrations, and migrations/NAME for a "
    "named base"
)
_ENV = "whose environment runs: auto is the folder's env.py if there is one, builtin ignores it"
_LOCATIONS = "the folders of the revision files; by default versions in the migrations folder"
_TENANTS = "the tenants that share the base's history, each with a schema or a database of its own"
_COMPILED = (
    "whether tenants share the SQL of revisions that are calls of op with literal arguments alone, "
    "once it is proved equal on scratch databases"
)
_POST_WRITE = "programs that are run on a new revision file, as in Alembic's pyproject.toml"
_POST_WRITE_EXAMPLE = '[{ name = "ruff", type = "exec", executable = "ruff", options = "format" }]'
_LINT = "what lint makes of a rule: its code, name or category, and error, warning or off"

TENANT_KEYS: tuple[Key, ...] = (
    Key("names", "strings", "the tenants", example='["acme", "globex"]'),
    text("query", "SQL whose first column names them", "SELECT name FROM tenants"),
    Key(
        "query_url",
        "string",
        "where the query is asked; by default in the base's own database",
        secret=True,
        example='"${DATABASE_URL}"',
    ),
    Key("function", "hook", "a function that returns their names", example='"app.tenants:names"'),
    text(
        "schema",
        "the schema of a tenant, on MySQL and MariaDB its database; by default {tenant}",
        "tenant_{tenant}",
    ),
    Key(
        "url",
        "string",
        "the URL of a tenant's database, where each has one of its own",
        secret=True,
        example='"postgresql+psycopg://app@db/{tenant}"',
    ),
    Key(
        "shared",
        "strings",
        "schemas behind the tenant's own on PostgreSQL's search path; by default none, so that "
        "nothing of theirs is changed by mistake",
        example='["public"]',
    ),
)

KEYS: tuple[Key, ...] = (
    Key("base", "string", _BASE, scope="tool", example='"app"'),
    Key("env_file", "path", _ENV_FILE, scope="tool", example='".env"'),
    Key("pythonpath", "paths", _PYTHONPATH, default=(".",), scope="tool", example='["src"]'),
    text(
        "module",
        "the module that has get_base() and may have import_models()",
        "model.base",
        "model.base",
    ),
    Key("metadata", "strings or string", _METADATA, example='"app.db:Base"'),
    strings("models", "modules to import; a trailing .* means every one below", "app.models.*"),
    Key("url", "string", _URL, secret=True, blank=True, example='"${DATABASE_URL}"'),
    Key("directory", "path", _DIRECTORY, example='"migrations"'),
    Key("env", "string", _ENV, default="auto", choices=("auto", "builtin"), example='"builtin"'),
    strings(
        "after", "bases before this one when several run; a downgrade goes the other way", "app"
    ),
    flag("protected", "whether what may lose data asks for --confirm BASENAME"),
    flag(
        "drop_unowned",
        "whether autogenerate may drop a table that no revision of this history made",
    ),
    Key(
        "connect_timeout",
        "number",
        "seconds for each host of the URL to answer; set, it overrides the URL's own",
        default=10,
        example="10",
        positive=True,
    ),
    Key(
        "migrate_url",
        "string",
        "the URL for what changes the database, where url leads through a pooler",
        secret=True,
        example='"postgresql+psycopg://app@db-direct/app"',
    ),
    Key(
        "scratch_url",
        "string",
        "an existing database of the server where scratch databases are made, or a folder for "
        "SQLite's; by default the base's own server",
        secret=True,
        example='"postgresql+psycopg://postgres@localhost/postgres"',
    ),
    strings(
        "scratch_setup",
        "SQL statements that a new scratch database begins with, for what the history expects",
        "CREATE EXTENSION citext",
    ),
    Key(
        "pooler",
        "string",
        "a pooler in between: session says that it keeps one server session a client",
        choices=("session",),
        example='"session"',
    ),
    Key(
        "lock",
        "string",
        "one migration process at a time: auto locks where a lock is known, require makes anything "
        "else an error, off locks nothing",
        default="auto",
        choices=("auto", "require", "off"),
        example='"require"',
    ),
    Key(
        "lock_wait",
        "number",
        "seconds to wait for another migration process; 0 fails at once",
        default=300,
        example="300",
    ),
    Key(
        "lock_timeout",
        "number",
        "seconds that a statement may wait for a lock of the application's; 0 waits for ever; by "
        "default 5 on PostgreSQL",
        example="5",
    ),
    Key(
        "lock_retries",
        "integer",
        "how often a revision that ran into lock_timeout or a deadlock, and committed nothing, is "
        "tried again",
        default=5,
        example="5",
    ),
    Key(
        "statement_timeout",
        "number",
        "seconds that a statement may take; by default as long as the server lets it",
        example="3600",
    ),
    flag(
        "journal", "whether a table beside the version table keeps what was run, and how it ended"
    ),
    flag(
        "sum", "whether alembic-db.sum in the migrations folder keeps a sum of each revision file"
    ),
    Key("tenants", "tenants table", _TENANTS, example='{ names = ["acme", "globex"] }'),
    flag("compiled", _COMPILED),
    Key("lint", "severities table", _LINT, example='{ drop-table = "warning", locking = "off" }'),
    flag("squawk", "whether lint asks squawk too, a linter of PostgreSQL's SQL"),
    text("squawk_pg_version", "the version of PostgreSQL that squawk judges for", "16.0"),
    Key("engine", "hook", "a function that returns the engine", example='"app.db:make_engine"'),
    text("version_table", "the version table's name", "alembic_version", "alembic_version"),
    text("version_table_schema", "the version table's schema", "migrations"),
    flag("version_table_pk", "whether the version table gets a primary key", default=True),
    flag("include_schemas", "whether autogenerate looks at every schema"),
    flag_or_hook("compare_type", "whether autogenerate compares column types", default=True),
    flag_or_hook(
        "compare_server_default", "whether autogenerate compares server defaults", default=False
    ),
    flag(
        "render_as_batch",
        "whether autogenerate writes batch operations; by default on for SQLite",
        default=None,
    ),
    flag(
        "transaction_per_migration",
        "whether each revision gets a transaction of its own; by default where DDL can be rolled "
        "back",
        default=None,
    ),
    flag(
        "transactional_ddl",
        "whether DDL runs in a transaction; by default where the database can",
        default=None,
    ),
    prefix("user_module_prefix", "what stands before user-defined types in revisions", "types."),
    prefix(
        "sqlalchemy_module_prefix",
        "what stands before SQLAlchemy's names in revisions",
        "sa.",
        "sa.",
    ),
    prefix(
        "alembic_module_prefix",
        "what stands before Alembic's operations in revisions",
        "op.",
        "op.",
    ),
    strings("autogenerate_plugins", "Alembic's autogenerate plugins", "alembic.autogenerate.*"),
    hook("include_object", "a function that says which objects autogenerate looks at"),
    hook("include_name", "a function that says which names autogenerate reads"),
    hook("render_item", "a function that renders parts of a revision"),
    hook("process_revision_directives", "a function that may change what autogenerate made"),
    hook("on_version_apply", "a function that is called after each revision"),
    text(
        "file_template",
        "the names of revision files, with Alembic's %(rev)s, %(slug)s, %(year)d and so on",
        "%(year)d_%(rev)s_%(slug)s",
    ),
    prefix("timezone", "the time zone of dates in revision files; empty is local time", "UTC"),
    Key(
        "truncate_slug_length",
        "integer",
        "the longest slug in a revision file's name, in characters",
        default=40,
        example="40",
        positive=True,
    ),
    Key("version_locations", "paths", _LOCATIONS, default=(), example='["migrations/versions"]'),
    flag("recursive_version_locations", "whether revision files may be in sub-folders"),
    flag("sourceless", "whether compiled files without a source count as revisions"),
    flag(
        "history_index",
        "whether what revision files say is kept in the user's cache folder, to read each once",
        default=True,
    ),
    flag("revision_environment", "whether the revision command always runs the environment"),
    text("output_encoding", "the encoding of the revision files written", "utf-8", "utf-8"),
    Key("post_write_hooks", "hooks table", _POST_WRITE, default=(), example=_POST_WRITE_EXAMPLE),
)
BY_NAME: dict[str, Key] = {key.name: key for key in KEYS}
TENANT_BY_NAME: dict[str, Key] = {key.name: key for key in TENANT_KEYS}

# Keys that hold a URL: what a variable stands for is escaped there.
URLS: frozenset[str] = frozenset({"url", "migrate_url", "scratch_url", "query_url"})

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
