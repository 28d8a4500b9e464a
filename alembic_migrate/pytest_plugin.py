"""The pytest plugin: ``pytest --alembic-db``, and fixtures to test a single migration with.

pytest loads it into every run of a project where this package is installed: until the option is
given or a fixture is used, nothing else is imported.
"""

from __future__ import annotations

import warnings
from contextlib import ExitStack, contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alembic_migrate.commands.trying import Scratch
    from alembic_migrate.commands.verifying import Verifier
    from alembic_migrate.events import Event
    from alembic_migrate.project import Project
    from alembic_migrate.targets import Target
    from alembic_migrate.verifications import QuestionName

_OPTION = "--alembic-db"

# Advice of our dependencies to their callers, which -W error would make a failure of.
_DEPENDENCIES = r"(alembic|sqlalchemy|mako|pydantic|tomlkit)(\.|$)"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare ``--alembic-db`` and ``alembic_db_project``."""
    group = parser.getgroup("alembic-db")
    group.addoption(
        _OPTION,
        nargs="?",
        const="",
        default=None,
        metavar="BASES",
        help="Verify migrations too, on scratch databases: a test for each base and question. "
        f"{_OPTION}=BASES are names, globs, several with commas; all without it.",
    )
    parser.addini(
        "alembic_db_project",
        "The folder where the search for the configuration of alembic-db begins.",
        default=".",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Let ``--alembic-db tests`` mean the option and a folder: BASES are behind a ``=`` only."""
    options = args.index("--") if "--" in args else len(args)
    if _OPTION not in args[:options]:
        return
    args[:options] = [f"{_OPTION}=" if each == _OPTION else each for each in args[:options]]
    # The folder's conftest.py is loaded next, which may have options of its own.
    read = parser.parse_known_args(args, namespace=copy(early_config.option))
    early_config.known_args_namespace.file_or_dir = read.file_or_dir


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the questions to the tests, before any are left out by ``-k`` and ``-m``."""
    asked = config.getoption(_OPTION)
    if asked is None:
        return
    top = Top.from_parent(session, name="alembic-db", nodeid="alembic-db")
    with _told():
        top.project = _load(config, asked)
        made = [item for base in top.collect() for item in base.collect()]
    items += made
    # What counts the tests and says how many there are.
    report = pytest.CollectReport(top.nodeid, "passed", None, [*made])
    config.hook.pytest_collectreport(report=report)


class Top(pytest.Collector):
    """All bases."""

    project: Project

    def collect(self) -> list[OfBase]:
        """Return the bases."""
        targets = self.project._targets("status")  # noqa: SLF001 - ours
        return [OfBase.of(self, target) for target in targets]


class OfBase(pytest.Collector):
    """The questions about one base; they share a scratch database where they run in a row."""

    target: Target
    verifier: Verifier
    warned: list[str]

    @classmethod
    def of(cls, parent: Top, target: Target) -> OfBase:
        """Return the collector of a base."""
        from alembic_migrate.commands.verifying import Verifier  # noqa: PLC0415 - see above

        made: OfBase = cls.from_parent(parent, name=target.name)
        made.target, made.warned = target, []
        made.verifier = Verifier(target, made.note)
        return made

    def note(self, event: Event) -> None:
        """Keep a warning for the report of the test that runs."""
        if event.kind == "warning":
            self.warned.append(event.message)

    def collect(self) -> list[Asked]:
        """Return a test a question; that of the sums only where the base keeps them."""
        from alembic_migrate.commands.verifying import QUESTIONS  # noqa: PLC0415 - see above

        return [
            Asked.of(self, name) for name in QUESTIONS if name != "sum" or self.target.config["sum"]
        ]

    def teardown(self) -> None:
        """Drop the scratch database; the answers are kept."""
        self.verifier.close()


class Asked(pytest.Item):
    """One question about one base."""

    question: QuestionName
    of_base: OfBase

    @classmethod
    def of(cls, parent: OfBase, question: QuestionName) -> Asked:
        """Return the test of a question."""
        made: Asked = cls.from_parent(parent, name=question)
        made.question, made.of_base = question, parent
        return made

    def runtest(self) -> None:
        """Ask.

        Raises:
            Found: there are findings.
        """
        from alembic_migrate.errors import Interrupted  # noqa: PLC0415 - see above
        from alembic_migrate.render.verifications import findings  # noqa: PLC0415

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=_DEPENDENCIES)
            try:
                answer = self.of_base.verifier.answer(self.question)
            except Interrupted:
                raise KeyboardInterrupt from None
        for note in answer.notes:
            self.add_report_section("call", "alembic-db", f"note: {note.message}\n")
        while self.of_base.warned:
            self.add_report_section("call", "alembic-db", f"{self.of_base.warned.pop(0)}\n")
        if answer.answer == "skipped":
            pytest.skip(answer.reason or "")
        if answer.findings:
            raise Found(findings(answer))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the findings or the error in our words; a traceback would show our code alone."""
        from alembic_migrate.errors import AlembicMigrateError  # noqa: PLC0415 - see above
        from alembic_migrate.render.errors import error_text  # noqa: PLC0415

        error = excinfo.value
        if isinstance(error, Found):
            return str(error)
        if isinstance(error, AlembicMigrateError):
            return error_text(error, str)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return what stands above a failure."""
        return self.of_base.target.config.root, None, f"{self.of_base.name}: {self.question}"


class Found(Exception):
    """The findings of a question, in words."""


class AlembicDb:
    """The project's migrations, for tests.

    Attributes:
        project: what ``alembic_migrate.load()`` returns, with all the verbs.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.project = _load(config, "")

    def base(self, name: str) -> Project:
        """Return the project with one base chosen.

        Raises:
            UsageError: there is no such base.
        """
        return _load(self._config, name)

    def scratch(self, base: str | None = None) -> Scratch:
        """Return a new scratch database; ``close()`` or ``with`` drops it.

        Args:
            base: its base's name; may be left out where there is only one.

        Raises:
            AlembicMigrateError: there is no such base, or no database can be made.
        """
        from alembic_migrate.commands.trying import Scratch  # noqa: PLC0415 - see above

        project = self.base(base) if base is not None else self.project
        (target,) = project._targets("write")  # noqa: SLF001 - ours
        return Scratch(target)


@pytest.fixture(scope="session")
def alembic_db(pytestconfig: pytest.Config) -> AlembicDb:
    """The project's migrations: ``alembic_db.project``, ``alembic_db.base("app").history()``."""
    with _told():
        return AlembicDb(pytestconfig)


class MakeScratch:
    """Makes scratch databases for one test; all of them go when it ends."""

    def __init__(self, alembic_db: AlembicDb, default: str | None, made: ExitStack) -> None:
        self._alembic_db = alembic_db
        self._default = default
        self._made = made

    def __call__(self, base: str | None = None) -> Scratch:
        """Return a new scratch database.

        Args:
            base: its base's name; without it that of the parametrised fixture, or the only one.

        Raises:
            AlembicMigrateError: there is no such base, or no database can be made.
        """
        return self._made.enter_context(self._alembic_db.scratch(base or self._default))


@pytest.fixture
def alembic_scratch(request: pytest.FixtureRequest, alembic_db: AlembicDb) -> Iterator[MakeScratch]:
    """``alembic_scratch("app")`` makes a scratch database to test a migration on.

    ``before(id)``, ``upgrade(id)`` and ``downgrade(id)`` migrate it; ``connect()``, ``engine`` and
    ``table(name)`` look into it. Parametrised with ``indirect`` by the names of bases it needs no
    argument.
    """
    with ExitStack() as made:
        yield MakeScratch(alembic_db, getattr(request, "param", None), made)


def _load(config: pytest.Config, bases: str) -> Project:
    from alembic_migrate.project import load  # noqa: PLC0415 - see above

    start = config.rootpath / str(config.getini("alembic_db_project"))
    return load(start, base=bases or None)


@contextmanager
def _told() -> Iterator[None]:
    """Tell what cannot be configured as pytest tells what was typed wrongly."""
    from alembic_migrate.errors import AlembicMigrateError  # noqa: PLC0415 - see above
    from alembic_migrate.render.errors import error_text  # noqa: PLC0415

    try:
        yield
    except AlembicMigrateError as error:
        raise pytest.UsageError(error_text(error, str)) from error
