"""The fixtures that every test may use: databases, projects, the installed command.

``sqlite_url``, ``postgresql_url`` and ``mariadb_url`` give a new empty database each test;
``database_url`` runs a test on all three. ``project`` makes a project from a dict of files;
``tutorial``, ``two_bases`` and ``example`` are ready-made ones.
"""

from __future__ import annotations

import compileall
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import projects, servers
from tests.inprocess import InProcess, forget_modules

MakeProject = Callable[..., projects.Project]

# How fast a machine is says nothing about what is right.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package once: the commands that the tests run write no bytecode.

    A shell has what it runs in the background ignore SIGINT, and so do processes started there.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        package = Path(__file__).parents[1] / "alembic_migrate"
        compileall.compile_dir(package, quiet=2, workers=1)


@pytest.fixture(scope="session", autouse=True)
def _caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the tests' own process caches out of the home folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        yield


@pytest.fixture(autouse=True)
def _nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Keep what a test's project imports in this process from the tests after it."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    forget_modules(tmp_path_factory.getbasetemp())


def _running(start: Callable[[], servers.Server]) -> Iterator[servers.Server]:
    """Start a server of this worker's own and stop it at the end of the run."""
    try:
        server = start()
    except servers.Unavailable as missing:
        if os.environ.get("CI"):
            pytest.fail(f"CI has to have it: {missing}", pytrace=False)
        pytest.skip(str(missing))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[servers.Server]:
    yield from _running(servers.start_postgresql)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[servers.Server]:
    yield from _running(servers.start_mariadb)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def postgresql_url(postgresql_server: servers.Server) -> Iterator[str]:
    with postgresql_server.database() as url:
        yield url


@pytest.fixture
def mariadb_url(mariadb_server: servers.Server) -> Iterator[str]:
    with mariadb_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def project(tmp_path: Path) -> MakeProject:
    """``project({path: text}, name="project")`` writes the files and returns the project."""

    def make(
        files: Mapping[str, str | bytes] | None = None, *, name: str = "project"
    ) -> projects.Project:
        return projects.make(tmp_path / name, files or {})

    return make


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> InProcess:
    """``command(project, "upgrade", "--all")``: as ``project.run()``, in the tests' own process."""
    return InProcess(monkeypatch, capfd)


@pytest.fixture
def tutorial(project: MakeProject) -> projects.Project:
    """The ancestor's tutorial: model/base.py, model/book.py, sqlite:///demo.db, no TOML."""
    return project(projects.TUTORIAL)


@pytest.fixture
def two_bases(project: MakeProject) -> projects.Project:
    """Bases ``app`` and ``reporting`` in one TOML; $APP_URL and $REPORTING_URL move them."""
    return project(projects.TWO_BASES)


@pytest.fixture
def example(tmp_path: Path) -> projects.Project:
    """A copy of example/: $APP_DATABASE_URL and $REPORTING_DATABASE_URL move its two bases."""
    source = Path(__file__).parents[1] / "example"
    shutil.copytree(source, tmp_path / "example", ignore=shutil.ignore_patterns("*.db", "__py*"))
    return projects.Project(tmp_path / "example")
