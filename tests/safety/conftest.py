"""Fixtures of the tests of what happens in production: proxies, poolers, slow servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import alembic_migrate
from tests.projects import Project
from tests.safety.proxies import Proxy


@pytest.fixture
def proxied() -> Iterator[object]:
    """``proxied(url)`` gives a proxy in front of the server of a URL; its ``url`` leads through."""
    made: list[Proxy] = []

    def make(url: str, **options: Any) -> Proxy:
        made.append(Proxy(url, **options))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


@pytest.fixture
def library() -> Callable[[Project], Any]:
    """``library(project)`` loads a project in the tests' own process, as an application does."""

    def load(project: Project) -> Any:
        return alembic_migrate.load(project.root)

    return load
