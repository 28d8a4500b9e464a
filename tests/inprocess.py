"""The command line run in the tests' own process: a tenth of the time of a process of its own.

What a process would lose when it ends is put back: the working folder, the environment,
``sys.path``, and the project's modules, so that the next command imports them anew.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import projects


class InProcess:
    """Runs commands in a project; made by the fixture ``command``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(
        self,
        project: projects.Project,
        *args: str | Path,
        cwd: str | Path = ".",
        env: Mapping[str, str | None] | None = None,
        status: int | None = 0,
    ) -> projects.Result:
        """Run ``alembic-db`` and return what it left behind; checked as `projects.run()` does."""
        from alembic_migrate.cli import main

        words = [str(arg) for arg in args]
        folder = project.root / cwd
        self._capfd.readouterr()
        with self._monkeypatch.context() as patch:
            patch.chdir(folder)
            patch.setattr(sys, "path", sys.path[:])
            patch.setattr(sys, "dont_write_bytecode", True)
            wanted = projects.environment(folder, env)
            for name in os.environ.keys() - wanted.keys():
                patch.delenv(name)
            for name, value in wanted.items():
                patch.setenv(name, value)
            try:
                with pytest.raises(SystemExit) as left:
                    main(words)
            finally:
                forget_modules(project.root)
        said = self._capfd.readouterr()
        assert isinstance(left.value.code, int)
        result = projects.Result(left.value.code, said.out, said.err)
        projects.check(result, words, status)
        return result


def forget_modules(root: Path) -> None:
    """Forget the modules that were imported from below a folder."""
    below = f"{root}{os.sep}"
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(below):
            del sys.modules[name]
