"""New migrations folders, made from templates: whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mako.template import Template as MakoTemplate

from alembic_migrate.config.base import is_packaged
from alembic_migrate.errors import UsageError
from alembic_migrate.results import Template

if TYPE_CHECKING:
    from alembic_migrate.targets import Target

TEMPLATES = Path(__file__).with_name("templates")
DEFAULT = "app"


def list_templates() -> tuple[Template, ...]:
    """Return the templates that come with the package, by name."""
    folders = sorted(path for path in TEMPLATES.iterdir() if path.is_dir())
    return tuple(Template(path.name, summary(path)) for path in folders)


def summary(folder: Path) -> str:
    """Return the first line of a template's README; empty where it has none."""
    readme = folder / "README"
    lines = readme.read_text(encoding="utf-8").splitlines() if readme.is_file() else []
    return lines[0].strip() if lines else ""


def find_template(name: str | None) -> Path:
    """Return the folder of a template.

    Args:
        name: a name of ours, or a path, which has a slash in it.

    Raises:
        UsageError: there is no such template, or no ``script.py.mako`` in it.
    """
    name = name or DEFAULT
    is_path = "/" in name or "\\" in name
    folder = Path(name).absolute() if is_path else TEMPLATES / name
    if not folder.is_dir():
        known = ", ".join(template.name for template in list_templates())
        raise UsageError(
            f"there is no template {folder if is_path else name}",
            hint=f"known: {known}; a folder of your own is given as a path: -t ./{name}",
        )
    if not (folder / "script.py.mako").is_file():
        raise UsageError(
            f"the template {folder} has no script.py.mako",
            hint="copy one from a folder that alembic-db init made",
        )
    return folder


def make_folder(target: Target, template: Path, *, package: bool) -> tuple[Path, ...]:
    """Make a target's migrations folder and return the files in it.

    Args:
        target: the base.
        template: a folder with ``script.py.mako``, and maybe ``env.py``, ``alembic.ini.mako``...
        package: write ``__init__.py`` files too.

    Raises:
        UsageError: the folder has something in it, belongs to a package, or cannot be written.
    """
    folder = target.folder
    if is_packaged(target.config["directory"]):
        raise UsageError(
            f"{target.prefix}directory = {target.config['directory']!r} is in a package",
            hint="name a plain folder: --directory migrations",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        found = "has something in it" if folder.is_dir() else "is a file"
        raise UsageError(
            f"{target.prefix}{folder} {found}; init makes new folders only",
            hint="name another one: alembic-db init DIR; or go on with what is there: "
            "alembic-db current",
        )
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        return _fill(folder, template, package=package)
    except OSError as error:
        for path in missing[:1]:
            shutil.rmtree(path, ignore_errors=True)
        raise UsageError(
            f"the folder {folder} cannot be made: {error.strerror or error}",
            hint="nothing was written; check the rights of the folder above it",
        ) from error


def _fill(folder: Path, template: Path, *, package: bool) -> tuple[Path, ...]:
    versions = folder / "versions"
    versions.mkdir(parents=True)
    written: list[Path] = []
    for source in sorted(path for path in template.iterdir() if path.is_file()):
        made = folder / source.name
        if source.name == "alembic.ini.mako":
            made = folder / "alembic.ini"
            text = MakoTemplate(filename=str(source)).render_unicode(  # noqa: S702 - no HTML
                script_location="%(here)s"
            )
            made.write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(source, made)
        written.append(made)
    if package:
        for made in (folder / "__init__.py", versions / "__init__.py"):
            made.touch()
            written.append(made)
    return tuple(written)
