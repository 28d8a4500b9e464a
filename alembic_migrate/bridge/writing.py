"""Revision files, written whole or not at all, inside the versions folder, and without surprises.

A message or an id comes from the command line and goes through the project's template; what it
may never do is become code or a path.
"""

from __future__ import annotations

import ast
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mako import exceptions
from mako.template import Template

from alembic_migrate.errors import HistoryError, UsageError
from alembic_migrate.patterns import pattern
from alembic_migrate.replacing import new_mode

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_ID = 32  # the width of Alembic's version_num column

_LABEL = pattern(r"[A-Za-z_][A-Za-z0-9_./-]*")
_ID = pattern(r"[A-Za-z0-9_][A-Za-z0-9_.]*")
_SYMBOLS = frozenset({"base", "current", "head", "heads"})


def check_id(revision: str) -> None:
    """Refuse a revision id that could not be stored, typed or be part of a file's name.

    Raises:
        UsageError: it is empty, too long, one of Alembic's own words, or has other characters than
            letters, digits, _ and .
    """
    if revision in _SYMBOLS:
        raise UsageError(
            f"the revision id {revision!r} cannot be used: it means something else already",
            hint="for example: --rev-id 2024_01_add_users",
        )
    if len(revision) > MAX_ID:
        raise UsageError(
            f"the revision id {revision!r} has {len(revision)} characters; the version table holds "
            f"{MAX_ID}",
            hint=f"for example: --rev-id {revision[:12]!r}",
        )
    if not _ID.fullmatch(revision):
        raise UsageError(
            f"the revision id {revision!r} cannot be used: it is made of the letters A to Z and "
            "a to z, digits, _ and .",
            hint="for example: --rev-id 2024_01_add_users",
        )


def check_label(label: str) -> None:
    """Refuse a branch label that could not be typed, or means something else.

    Raises:
        UsageError: it is a symbol of Alembic's, or has other characters than a name.
    """
    if label in _SYMBOLS or not _LABEL.fullmatch(label):
        raise UsageError(
            f"the branch label {label!r} cannot be used: letters, digits, _ - . and / are "
            "possible, and no head, heads, base or current",
            hint="for example: --branch-label billing",
        )


def safe_message(message: str) -> str:
    """Return a message that stays text between the triple quotes of a docstring."""
    text = message.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    last = '"' if text.endswith('"') else ""  # it would stand before the three that end it
    body = text.removesuffix('"').replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f"{body}\\{last}" if last else body


def check_inside(path: Path, location: Path, file_template: str) -> None:
    """Refuse a file outside the versions folder.

    Raises:
        UsageError: ``file_template`` with this id and message leads out of the folder.
    """
    if not path.resolve().is_relative_to(location.resolve()):
        raise UsageError(
            f"the file {path} would be outside the versions folder {location}",
            hint=f"correct file_template = {file_template!r}",
        )


def check_location(path: Path, locations: Sequence[Path]) -> None:
    """Refuse a folder that is none of the folders of revisions.

    Raises:
        UsageError: it is not among them.
    """
    known = [str(location.absolute()) for location in locations]
    if str(path.absolute()) not in known:
        raise UsageError(
            f"--version-path {path} is none of the folders of revisions: {', '.join(known)}",
            hint=f"name one of them, or add it: version_locations = "
            f"{json.dumps([*known, str(path)])}",
        )


def render(template_file: Path, values: dict[str, Any]) -> str:
    """Return a revision file's text.

    Args:
        template_file: the folder's ``script.py.mako``.
        values: what the template may name.

    Raises:
        HistoryError: the template fails, makes something that is not Python, or lets the message
            become code.
    """
    text = _rendered(template_file, values)
    plain = _rendered(template_file, {**values, "message": "message"})
    try:
        tree, expected = ast.parse(text), ast.parse(plain)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        said = getattr(error, "msg", error)
        raise HistoryError(
            f"{template_file} makes a file that is not valid Python (its line {line}: {said})",
            hint="correct the template; alembic-db init writes a working one into a new folder",
        ) from error
    lacking = [name for name in ("revision", "down_revision") if name not in _assigned(tree)]
    if lacking:
        raise HistoryError(
            f"{template_file} makes a file without {' and '.join(lacking)}",
            hint="add to the template:\nrevision = ${repr(up_revision)}\n"
            "down_revision = ${repr(down_revision)}",
        )
    if _shape(tree) != _shape(expected):
        raise HistoryError(
            f"{template_file} puts the message where it becomes code",
            hint='keep ${message} between the """ of the docstring, or use ${repr(message)}',
        )
    return text


def _rendered(template_file: Path, values: dict[str, Any]) -> str:
    try:
        template = Template(filename=str(template_file))  # noqa: S702 - Python, not HTML
        return str(template.render_unicode(**values))
    except Exception as error:
        place = f"{template_file}:{getattr(error, 'lineno', None) or _line_of(error) or 1}"
        said = str(error).splitlines()[0] if str(error) else ""
        if isinstance(error, NameError) and said == "Undefined":  # all that Mako says
            said = "a name in it is not defined"
        raise HistoryError(
            f"{place}: the template fails: {type(error).__name__}: {said}",
            hint="correct the template; alembic-db init writes a working one into a new folder",
        ) from error


def _assigned(tree: ast.Module) -> set[str]:
    """Return the names that a module's own statements give a value."""
    targets = (
        target
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _line_of(error: Exception) -> int | None:
    """Return the template's line at which rendering failed."""
    records = exceptions.RichTraceback(error=error).records
    # (file, line, function, text, template's file, template's line...), the innermost last
    return next((record[5] for record in reversed(records) if record[5] is not None), None)


def _shape(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def write_new(path: Path, text: str, encoding: str) -> None:
    """Write a file that must not exist yet, whole or not at all.

    Raises:
        UsageError: it exists.
        HistoryError: it cannot be written; nothing is left behind.
    """
    handle = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode(encoding))
            file.flush()
            os.fsync(file.fileno())
        _publish(Path(temporary), path)
    except FileExistsError:
        raise UsageError(
            f"the file {path} exists already", hint="give the revision another --rev-id or -m"
        ) from None
    except OSError as error:
        raise HistoryError(
            f"the file {path} cannot be written: {error.strerror or error}",
            hint="nothing was written; check the folder's rights and the space on its disk",
        ) from error
    finally:
        if handle is not None:
            Path(temporary).unlink(missing_ok=True)


def _publish(temporary: Path, path: Path) -> None:
    temporary.chmod(new_mode())
    try:
        os.link(temporary, path)  # refuses to replace a file, in one step
    except (AttributeError, NotImplementedError, PermissionError):
        # A file system without hard links.
        if path.exists():
            raise FileExistsError(str(path)) from None
        temporary.replace(path)
