"""Which files git knows to be new or changed: those that a branch brings."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from alembic_migrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SECONDS = 60
# A hook of git's has these, and they would name another repository than the folder's.
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


def changed_files(folders: Sequence[Path], ref: str) -> frozenset[Path]:
    """Return the files that were added or changed since a branch left another one.

    What is not committed yet counts, and what git does not know of unless it ignores it.

    Args:
        folders: where the files are, which have to be there.
        ref: what the branch left: another branch, a tag, a commit.

    Raises:
        UsageError: there is no git, the folder is in no repository, or git does not know the ref.
    """
    found: set[Path] = set()
    for folder in folders:
        start = _start(folder, ref)
        diff = ("diff", "--no-renames", "--diff-filter=AM", "--name-only", "--relative", "-z")
        listed = _git(folder, *diff, start, "--", ".")
        listed += _git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
        found |= {(folder / name).resolve() for name in listed.split("\0") if name}
    return frozenset(found)


def _start(folder: Path, ref: str) -> str:
    """Return the commit at which the branch that is checked out left another one."""
    try:
        _git(folder, "rev-parse", "--git-dir")
    except _GitFailed as failed:
        raise UsageError(
            f"--since {ref}: {folder} is in no git repository ({failed})",
            hint="without git: alembic-db lint -r FROM:TO, or --all-revisions",
        ) from None
    try:
        # A ref that looks like an option would be one; git knows none that begins like that.
        name = f"refs/heads/{ref}" if ref.startswith("-") else ref
        commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
    except _GitFailed:
        raise UsageError(
            f"--since {ref}: git knows no such branch, tag or commit in {folder}",
            hint=f"fetch it: git fetch origin {ref}\nthen: alembic-db lint --since origin/{ref}",
        ) from None
    try:
        return _git(folder, "merge-base", commit, "HEAD").strip()
    except _GitFailed:
        raise UsageError(
            f"--since {ref}: git knows no commit that it and HEAD have in common",
            hint="is this a shallow clone? git fetch --unshallow",
        ) from None


class _GitFailed(Exception):
    """What git said, in one line."""


def _git(folder: Path, *words: str) -> str:
    """Run git in a folder and return what it prints.

    Raises:
        UsageError: there is no git, or it does not end.
        _GitFailed: it fails.
    """
    environ = {name: text for name, text in os.environ.items() if name not in _OF_A_HOOK}
    try:
        done = subprocess.run(
            ["git", *words],  # noqa: S607 - the git that the user has
            cwd=folder,
            env={**environ, "LC_ALL": "C"},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError(
            "--since asks git what has changed, and there is no git",
            hint="install git; without it: alembic-db lint -r FROM:TO, or --all-revisions",
        ) from None
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"git {words[0]} did not end within {_SECONDS} s",
            hint="without git: alembic-db lint -r FROM:TO, or --all-revisions",
        ) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise _GitFailed(said[0] if said else f"git {words[0]} failed")
    return os.fsdecode(done.stdout)
