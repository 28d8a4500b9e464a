from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests import servers
from tests.contract.life import PYPROJECT, Life


@pytest.fixture(
    params=["sqlite", "postgresql", "mariadb", "async sqlite", "async postgresql", "async mariadb"]
)
def driver(request):
    return request.param


@pytest.fixture
def life(request, driver, tmp_path, project, command):
    """The project with its models; two new databases, and no folder of migrations yet."""
    kind, server = driver.split()[:-1], driver.split()[-1]
    names = ("APP_URL", "REPORTING_URL")
    with ExitStack() as stack:
        if server == "sqlite":
            urls = [f"sqlite:///{tmp_path / name}.db" for name in names]
        else:
            running = request.getfixturevalue(f"{server}_server")
            urls = [stack.enter_context(running.database()) for _ in names]
        sync = dict(zip(names, urls, strict=True))
        env = {name: servers.asynchronous(url) for name, url in sync.items()} if kind else sync
        files = {"pyproject.toml": PYPROJECT, "shop/__init__.py": ""}
        made = Life(project(files), command, sync, env)
        made.write_models()
        yield made


@pytest.fixture
def branched(life):
    """A history that forks after ``b`` and joins in ``e``, beside one of a single revision."""
    life.revision("a")
    life.revision("b", "a")
    life.revision("c", "b", branch_labels="left")
    life.revision("d", "b", branch_labels="right")
    life.revision("e", ("c", "d"))
    life.revision("r", base="reporting")
    return life
