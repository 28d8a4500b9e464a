"""An Alembic ``Config`` in memory, made from a target."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command as alembic_commands
from alembic.config import Config as AlembicConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import URL

    from alembic_migrate.targets import Target

NEUTRAL_INI = Path(__file__).with_name("neutral.ini")

# Keys that Alembic itself reads as text from its [alembic] section.
_TEXT_KEYS = (
    "file_template",
    "timezone",
    "truncate_slug_length",
    "output_encoding",
)
_FLAG_KEYS = ("recursive_version_locations", "sourceless", "revision_environment")


class Config(AlembicConfig):
    """An Alembic ``Config`` in which a ``%`` needs no doubling, and may have it."""

    def set_section_option(self, section: str, name: str, value: str) -> None:
        """Set an option; a value that interpolation refuses is escaped and set again.

        An environment script may so pass a URL raw or with each ``%`` doubled. Alembic's own
        method raises for a raw one, with the value (and the password in it) in the message.
        """
        try:
            super().set_section_option(section, name, value)
        except ValueError:
            super().set_section_option(section, name, escape(value))


def escape(value: str) -> str:
    """Double every ``%``, so that interpolation gives back the value as it was."""
    return value.replace("%", "%%")


def make_config(
    target: Target, verb: str, options: Mapping[str, Any], url: URL | None = None
) -> Config:
    """Return the configuration that an environment script sees.

    Args:
        target: what is worked on.
        verb: Alembic's name of the command, for ``cmd_opts.cmd``.
        options: attributes of ``cmd_opts``, under Alembic's names.
        url: the database; None where none is asked.
    """
    config = target.config
    pyproject = config.root / "pyproject.toml"
    made = Config(
        file_=config.ini or NEUTRAL_INI,
        toml_file=pyproject if pyproject.is_file() else None,
        cmd_opts=_command_options(target, verb, options),
    )
    values = {"script_location": str(target.folder)}
    values |= {key: str(config[key]) for key in _TEXT_KEYS if config.is_set(key)}
    values |= {key: "true" for key in _FLAG_KEYS if config[key]}
    if config["version_locations"]:
        values["version_locations"] = "\n".join(map(str, target.version_locations()))
        values["path_separator"] = "newline"
    if url is not None:
        values["sqlalchemy.url"] = url.render_as_string(hide_password=False)
    for name, value in values.items():
        AlembicConfig.set_section_option(made, made.config_ini_section, name, escape(value))
    made.attributes["alembic_migrate.target"] = target
    return made


def _command_options(target: Target, verb: str, options: Mapping[str, Any]) -> argparse.Namespace:
    return argparse.Namespace(
        **{
            "config": None,
            "name": "alembic",
            "x": list(target.x_arguments) or None,
            "raiseerr": False,
            "quiet": True,
            "verbose": False,
            "cmd": (getattr(alembic_commands, verb), [], []),
            "autogenerate": False,
            "sql": False,
            "tag": None,
            **options,
        }
    )
