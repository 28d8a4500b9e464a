"""What the configuration says to Alembic's ``context.configure()``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_migrate.events import Event, Report

if TYPE_CHECKING:
    from alembic_migrate.targets import Target

# Keys that are arguments of configure() under the same name; hooks among them.
_VALUES = (
    "version_table",
    "version_table_schema",
    "version_table_pk",
    "include_schemas",
    "render_as_batch",
    "transaction_per_migration",
    "transactional_ddl",
    "user_module_prefix",
    "sqlalchemy_module_prefix",
    "alembic_module_prefix",
    "autogenerate_plugins",
)
_HOOKS = (
    "compare_type",
    "compare_server_default",
    "include_object",
    "include_name",
    "render_item",
    "process_revision_directives",
    "on_version_apply",
)


def configure_arguments(target: Target) -> dict[str, Any]:
    """Return the arguments for our own environment, models included.

    Raises:
        DiscoveryError: the models or a hook cannot be loaded.
    """
    arguments = {key: _value(target, key) for key in (*_VALUES, *_HOOKS)}
    # An empty list of plugins would mean to Alembic that nothing is compared.
    arguments = {key: value for key, value in arguments.items() if value not in (None, (), [])}
    if target.config["render_as_batch"] is None:
        arguments["render_as_batch"] = target.url.get_backend_name() == "sqlite"
    if target.config["transaction_per_migration"] is None:
        # Where DDL cannot be rolled back Alembic begins anew for each revision anyway.
        arguments["transaction_per_migration"] = True
    return {**arguments, "target_metadata": target.models.target_metadata}


def filled_in(target: Target, given: dict[str, Any], report: Report) -> dict[str, Any]:
    """Return what a project's own script passes, with what the file sets and it leaves out.

    What the script passes wins; where the file says otherwise, that is reported.
    """
    filled = dict(given)
    for key in (*_VALUES, *_HOOKS):
        if not target.config.is_set(key):
            continue
        value = _value(target, key)
        if key not in given:
            filled[key] = value
        elif given[key] != value:
            report(
                Event(
                    "warning",
                    f"{target.folder}/env.py passes {key} = {_shown(given[key])}, "
                    f"{target.config.origin(key).text} says {_shown(value)}: env.py wins",
                    target.label,
                )
            )
    _fill_metadata(target, filled)
    return filled


def _fill_metadata(target: Target, filled: dict[str, Any]) -> None:
    # A script that runs several databases gives each its own tokens and its own models.
    if filled.get("target_metadata") is None and "upgrade_token" not in filled:
        asked = any(target.config.is_set(key) for key in ("module", "metadata", "models"))
        models = target.own_models() if asked else None
        if models is not None:
            filled["target_metadata"] = models.target_metadata


def _value(target: Target, key: str) -> Any:
    value = target.config[key]
    return target.hook(key) if key in _HOOKS and isinstance(value, str) else value


def _shown(value: Any) -> str:
    return getattr(value, "__qualname__", None) or repr(value)
