from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from alembic_migrate.cli.entry import main
from alembic_migrate.events import ignore


@dataclass
class FakeProject:
    """Takes the place of the project: answers what a test wants and remembers what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    loaded: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    names: tuple[str, ...] = ("app",)
    named: bool = True
    root: Path = Path()
    file: Path | None = None

    def load(self, project=None, **typed):
        self.loaded = {"project": project, **typed}
        if isinstance(self.answers.get("load"), BaseException):
            raise self.answers["load"]
        return self

    def __getattr__(self, verb):
        if verb.startswith("_"):
            raise AttributeError(verb)

        def ask(*args, **kwargs):
            report = kwargs.pop("report", ignore)
            self.asked.append((verb, args, kwargs))
            for event in self.events:
                report(event)
            answer = self.answers.get(verb, ())
            if isinstance(answer, BaseException):
                raise answer
            return answer() if callable(answer) else answer

        return ask


class Ran(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def fake(monkeypatch):
    project = FakeProject()
    module = ModuleType("alembic_migrate.project")
    module.load = project.load
    monkeypatch.setitem(sys.modules, "alembic_migrate.project", module)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return project


@pytest.fixture
def run(fake, capsys):
    def run(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([*words])
        said = capsys.readouterr()
        return Ran(left.value.code, said.out, said.err)

    return run
