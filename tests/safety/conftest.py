"""Fixtures of the tests of what happens in production: proxies, poolers, slow servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.safety.proxies import Proxy


@pytest.fixture
def proxied() -> Iterator[object]:
    """``proxied(url)`` gives a proxy in front of the server of a URL; its ``url`` leads through."""
    made: list[Proxy] = []

    def make(url: str, **options: bool) -> Proxy:
        made.append(Proxy(url, **options))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()
