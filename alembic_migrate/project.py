"""The library's face: ``load()`` and the verbs of a ``Project``.

Nothing here prints or exits, and nothing is imported or connected to before a verb runs.

The module is long, and no function of it is: a verb is done elsewhere, and its arguments, types and
errors are written out here, in the one class that a reader and an editor look at.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.config.load import Configuration, Overrides
from alembic_migrate.config.load import load as load_configuration
from alembic_migrate.errors import UsageError
from alembic_migrate.events import Report, ignore

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.engine import URL

    from alembic_migrate.commands.each import Over
    from alembic_migrate.config.select import Mode
    from alembic_migrate.findings import Lint, LintRule, SumCheck
    from alembic_migrate.fleet.limits import Fleet
    from alembic_migrate.plans import Plan
    from alembic_migrate.results import (
        Applied,
        Check,
        ConfigRow,
        Current,
        Initialised,
        Revisions,
        Run,
        Status,
        Template,
        Tenant,
        Written,
    )
    from alembic_migrate.targets import Target
    from alembic_migrate.verifications import Verification


def load(
    project: str | os.PathLike[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    base: str | Sequence[str] | None = None,
    all_bases: bool = False,
    directory: str | os.PathLike[str] | None = None,
    url: str | URL | None = None,
    x: Sequence[str] = (),
    settings: Sequence[str] = (),
    tenant: str | Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Project:
    """Read a project's configuration and return the project.

    Args:
        project: where the search for the pyproject.toml begins; the working directory by default.
        config: the file itself.
        base: the bases that the verbs work on, in the words of ``--base``.
        all_bases: every base.
        directory: the migrations folder, for one base.
        url: the database, for one base; a ``URL`` may hold a password.
        x: what ``context.get_x_argument()`` gives to an ``env.py``.
        settings: ``KEY=VALUE``, any key of a base, the value as TOML.
        tenant: the tenants that the verbs work on, names or globs; all by default.
        environ: stands in for ``os.environ``.

    Raises:
        ConfigError: the file cannot be read, or what it says cannot be.
    """
    text = url if url is None or isinstance(url, str) else url.render_as_string(hide_password=False)
    overrides = Overrides(
        directory=os.fspath(directory) if directory is not None else None,
        url=text,
        settings=tuple(settings),
    )
    configuration = load_configuration(
        start=Path(project) if project is not None else None,
        file=Path(config) if config is not None else None,
        overrides=overrides,
        environ=environ,
    )
    words = (base,) if isinstance(base, str) else tuple(base or ())
    tenants = (tenant,) if isinstance(tenant, str) else tuple(tenant)
    return Project(configuration, words, all_bases=all_bases, x=tuple(x), tenants=tenants)


class Project:
    """A repository's bases and the verbs on them; made by ``load()``.

    Each verb returns one record a base (see ``alembic_migrate.results``). Where one base was asked
    for and fails, its error is raised; where several were, ``BasesFailed``, which holds what
    happened to each. All errors are ``AlembicMigrateError``.
    """

    def __init__(
        self,
        configuration: Configuration,
        words: tuple[str, ...] = (),
        *,
        all_bases: bool = False,
        x: tuple[str, ...] = (),
        tenants: tuple[str, ...] = (),
    ) -> None:
        self._configuration = configuration
        self._words = words
        self._all = all_bases
        self._x = x
        self._tenants = tenants

    @property
    def root(self) -> Path:
        """The folder that relative paths are relative to."""
        return self._configuration.root

    @property
    def file(self) -> Path | None:
        """The file with the table, or None."""
        return self._configuration.file

    @property
    def names(self) -> tuple[str, ...]:
        """The configured bases, in the file's order."""
        return self._configuration.names

    @property
    def named(self) -> bool:
        """Whether the bases have names: the file has a ``bases`` table."""
        return self._configuration.named

    # --- folders and revision files -----------------------------------------------------------

    def init(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        template: str | None = None,
        package: bool = False,
        multidb: bool = False,
    ) -> tuple[Initialised, ...]:
        """Make the migrations folder; of every base with ``multidb``."""
        from alembic_migrate.commands import initialising

        if directory is not None:
            return self._with_directory(directory).init(
                template=template, package=package, multidb=multidb
            )
        targets = self._targets("init", all_bases=multidb)
        return initialising.init(targets, template=template, package=package)

    @staticmethod
    def list_templates() -> tuple[Template, ...]:
        """Return the templates that ``init`` knows."""
        from alembic_migrate.commands import initialising

        return initialising.list_templates()

    def revision(
        self,
        message: str | None = None,
        *,
        autogenerate: bool = False,
        sql: bool = False,
        head: str = "head",
        splice: bool = False,
        branch_label: str | None = None,
        version_path: str | None = None,
        rev_id: str | None = None,
        depends_on: Sequence[str] = (),
        scratch: bool = False,
        report: Report = ignore,
    ) -> tuple[Written, ...]:
        """Write a revision file; with ``autogenerate`` from what models and database differ in.

        With ``scratch`` they are compared with the history, replayed in a scratch database.
        """
        from alembic_migrate.bridge.autogenerate import NewRevision
        from alembic_migrate.commands import authoring

        new = NewRevision(
            message=message,
            autogenerate=autogenerate,
            sql=sql,
            head=head,
            splice=splice,
            branch_label=branch_label,
            version_path=version_path,
            rev_id=rev_id,
            depends_on=tuple(depends_on),
            scratch=scratch,
        )
        targets = self._targets("write")
        if autogenerate and not scratch:
            targets = authoring.compared(targets, self._tenants)
        return authoring.revision(targets, new, report)

    def migrate(self, message: str | None = None, **options: Any) -> tuple[Written, ...]:
        """Write what models and database differ in; the options are those of ``revision``."""
        return self.revision(message, autogenerate=True, **options)

    def merge(
        self,
        revisions: Sequence[str] = (),
        *,
        message: str | None = None,
        branch_label: str | None = None,
        rev_id: str | None = None,
        splice: bool = False,
        report: Report = ignore,
    ) -> tuple[Written, ...]:
        """Write a revision that joins the heads, or the revisions named."""
        from alembic_migrate.bridge.autogenerate import NewRevision
        from alembic_migrate.commands import authoring

        new = NewRevision(message=message, branch_label=branch_label, rev_id=rev_id, splice=splice)
        return authoring.merge(self._targets("write"), tuple(revisions), new, report)

    def edit(self, revision: str = "head", *, report: Report = ignore) -> tuple[Path, ...]:
        """Open revision files in the user's editor and return them."""
        from alembic_migrate.commands import authoring

        return authoring.edit(self._targets("write"), revision, report)

    def sum(self, *, write: bool = False) -> tuple[SumCheck, ...]:
        """Return how revision files differ from ``alembic-db.sum``; ``write`` writes it anew."""
        from alembic_migrate.commands import summing

        return summing.sums(self._targets("write" if write else "read"), write=write)

    # --- what changes databases ---------------------------------------------------------------

    def plan(
        self,
        revision: str = "head",
        *,
        tag: str | None = None,
        lint: bool = True,
        out: str | os.PathLike[str] | None = None,
        report: Report = ignore,
    ) -> tuple[Plan, ...]:
        """Return what ``upgrade`` would run from where each database is; nothing is changed.

        Args:
            revision: as ``upgrade`` takes it.
            tag: for the environment script; a plan that is kept is run with it too.
            lint: judge the revisions too.
            out: a file that keeps the plan for ``upgrade``.
            report: is told what happens.
        """
        from alembic_migrate.commands import planning

        file = Path(out) if out is not None else None
        targets = self._databases("read", ordered=True)
        return planning.plan(targets, revision, tag=tag, lint=lint, out=file, report=report)

    def upgrade(
        self,
        revision: str | None = None,
        *,
        plan: str | os.PathLike[str] | None = None,
        sql: bool = False,
        tag: str | None = None,
        rehearse: bool = False,
        confirm: Collection[str] = (),
        keep_going: bool = False,
        fleet: Fleet | None = None,
        wait: float = 0,
        lock_wait: float | None = None,
        report: Report = ignore,
    ) -> tuple[Run, ...]:
        """Bring databases up to a revision (``head``), in the order that ``after`` gives.

        With ``rehearse`` everything runs for real inside one transaction, which is rolled back.
        With ``plan``, a file, exactly what it holds is run; it is refused where databases or
        revision files are not those that it was made for.
        """
        if plan is not None:
            from alembic_migrate.commands import planning

            if revision is not None or sql or tag is not None:
                raise UsageError(
                    "a plan says itself what runs: it goes with no revision, no --sql and no --tag",
                    hint=f"alembic-db upgrade --plan {os.fspath(plan)}",
                )
            if fleet is not None and fleet.several:
                raise UsageError(
                    "a plan is run by one process, database after database",
                    hint=f"alembic-db upgrade --plan {os.fspath(plan)}",
                )
            plans = planning.read_plan(Path(plan))
            names = dict.fromkeys(each.base for each in plans) if self.named else ()
            targets = self._migrating(wait, lock_wait, names=tuple(names))
            if not self._tenants:
                targets = planning.of_tenants(targets, plans)
            return planning.upgrade(
                tuple(replace(target, rehearsing=rehearse) for target in targets),
                plans,
                confirm=confirm,
                over=self._over(fleet, report, keep_going=keep_going),
                report=report,
            )
        from alembic_migrate.commands import running

        targets = self._migrating(wait, lock_wait, fleet)
        return running.upgrade(
            tuple(replace(target, rehearsing=rehearse) for target in targets),
            "head" if revision is None else revision,
            sql=sql,
            tag=tag,
            confirm=confirm,
            over=self._over(fleet, report, keep_going=keep_going),
            report=report,
        )

    def downgrade(
        self,
        revision: str = "-1",
        *,
        sql: bool = False,
        tag: str | None = None,
        confirm: Collection[str] = (),
        keep_going: bool = False,
        fleet: Fleet | None = None,
        wait: float = 0,
        lock_wait: float | None = None,
        report: Report = ignore,
    ) -> tuple[Run, ...]:
        """Take databases back to a revision, in the order opposite to ``after``."""
        from alembic_migrate.commands import running

        return running.downgrade(
            self._migrating(wait, lock_wait, fleet)[::-1],
            revision,
            sql=sql,
            tag=tag,
            confirm=confirm,
            over=self._over(fleet, report, keep_going=keep_going),
            report=report,
        )

    def stamp(
        self,
        revisions: str | Sequence[str] = "head",
        *,
        sql: bool = False,
        tag: str | None = None,
        purge: bool = False,
        confirm: Collection[str] = (),
        keep_going: bool = False,
        fleet: Fleet | None = None,
        wait: float = 0,
        lock_wait: float | None = None,
        report: Report = ignore,
    ) -> tuple[Run, ...]:
        """Write revisions into version tables without running anything."""
        from alembic_migrate.commands import running

        return running.stamp(
            self._migrating(wait, lock_wait, fleet),
            (revisions,) if isinstance(revisions, str) else tuple(revisions),
            sql=sql,
            tag=tag,
            purge=purge,
            confirm=confirm,
            over=self._over(fleet, report, keep_going=keep_going),
            report=report,
        )

    def ensure_version(
        self,
        *,
        sql: bool = False,
        keep_going: bool = False,
        fleet: Fleet | None = None,
        wait: float = 0,
        lock_wait: float | None = None,
        report: Report = ignore,
    ) -> tuple[Run, ...]:
        """Make the version tables where there are none."""
        from alembic_migrate.commands import running

        targets = self._migrating(wait, lock_wait, fleet)
        over = self._over(fleet, report, keep_going=keep_going)
        return running.ensure_version(targets, sql=sql, over=over)

    def resolve(self, revision: str, *, applied: bool, report: Report = ignore) -> tuple[Run, ...]:
        """Say of a revision that was left half applied that it is there as a whole, or not at all.

        The version table follows, and the journal no longer keeps ``upgrade`` from going on.
        """
        from alembic_migrate.commands import running

        targets = self._migrating(0, None)
        return running.resolve(targets, revision, applied=applied, report=report)

    def tenants(self) -> tuple[Tenant, ...]:
        """Return who the tenants of each base are, and where each of them is."""
        from alembic_migrate.commands import tenants

        return tenants.tenants(self._targets("read"), self._tenants)

    def create_tenant(
        self, name: str, *, template: str | None = None, report: Report = ignore
    ) -> Tenant:
        """Make a tenant's schema or database where it is not there yet, and bring it to head.

        Args:
            name: the tenant's.
            template: the database that PostgreSQL copies, where each tenant has a database.
            report: is told what happens.
        """
        from alembic_migrate.commands import tenants

        base = tuple(replace(target, migrating=True) for target in self._targets("write"))
        return tenants.create(base, name, template=template, report=report)

    # --- what only reads ----------------------------------------------------------------------

    def current(self, *, report: Report = ignore) -> tuple[Current, ...]:
        """Return where each database is."""
        from alembic_migrate.commands import inspecting

        return inspecting.current(self._databases("read"), report)

    def status(self, *, report: Report = ignore) -> tuple[Status, ...]:
        """Return one row a base; a database that cannot be reached is a row too."""
        from alembic_migrate.commands import inspecting

        return inspecting.status(self._databases("status"), report)

    def require_head(self, *, report: Report = ignore) -> None:
        """Refuse to go on unless every database is at head: for a program's start.

        Raises:
            NotAtHead: some are not, or cannot be reached.
        """
        from alembic_migrate.commands import inspecting

        inspecting.require_head(self._databases("status"), report)

    def check(
        self, *, scratch: bool = False, drift: bool = False, report: Report = ignore
    ) -> tuple[Check, ...]:
        """Return what histories, databases and models disagree about.

        Args:
            scratch: compare the models with the history, replayed in a scratch database, and not
                with the database: also while revisions are pending.
            drift: do that, and compare the database with the history too.
            report: is told what happens.
        """
        from alembic_migrate.commands import checking

        return checking.check(self._databases("read"), report, scratch=scratch, drift=drift)

    def verify(self, *, down: bool = True, report: Report = ignore) -> tuple[Verification, ...]:
        """Try histories on scratch databases: up, against the models, down, and up again.

        Args:
            down: try the downgrades too, and the upgrades after them.
            report: is told what happens.
        """
        from alembic_migrate.commands import verifying

        return verifying.verify(self._targets("status"), report, down=down)

    def lint(
        self,
        revisions: str | None = None,
        *,
        since: str | None = None,
        all_revisions: bool = False,
        squawk: bool | None = None,
        report: Report = ignore,
    ) -> tuple[Lint, ...]:
        """Return what revisions would do to whom, found without running them on a database.

        Args:
            revisions: one, or a range ``FROM:TO``; by default those that the database lacks.
            since: instead those whose files were added or changed since this branch of git left
                another one (or a tag, or a commit).
            all_revisions: instead the whole history.
            squawk: ask squawk too; by default as the key ``squawk`` says.
            report: is told what happens.
        """
        from alembic_migrate.bridge.scoping import Scope
        from alembic_migrate.commands import linting

        scope = Scope(revisions, since, everything=all_revisions)
        targets = self._databases("read") if scope.asks_databases else self._targets("read")
        return linting.lint(targets, scope, squawk=squawk, report=report)

    @staticmethod
    def lint_rules(rule: str | None = None) -> tuple[LintRule, ...]:
        """Return what there is to know about a rule, by its code or name, or about every one."""
        from alembic_migrate.commands import linting

        return linting.rules(rule)

    def heads(
        self, *, resolve_dependencies: bool = False, report: Report = ignore
    ) -> tuple[Revisions, ...]:
        """Return the heads of each history."""
        from alembic_migrate.commands import listing

        return listing.heads(
            self._targets("read"), resolve_dependencies=resolve_dependencies, report=report
        )

    def branches(self, *, report: Report = ignore) -> tuple[Revisions, ...]:
        """Return each history's branch points, each followed by the revisions that leave it."""
        from alembic_migrate.commands import listing

        return listing.branches(self._targets("read"), report)

    def show(self, revision: str = "head", *, report: Report = ignore) -> tuple[Revisions, ...]:
        """Return what a symbol names in each history."""
        from alembic_migrate.commands import listing

        return listing.show(self._targets("read"), revision, report)

    def history(
        self,
        rev_range: str | None = None,
        *,
        indicate_current: bool = False,
        report: Report = ignore,
    ) -> tuple[Revisions, ...]:
        """Return each history or a range of it, newest first."""
        from alembic_migrate.commands import listing

        return listing.history(
            self._targets("read"), rev_range, indicate_current=indicate_current, report=report
        )

    def journal(self) -> tuple[Applied, ...]:
        """Return what each database's journal holds, newest first."""
        from alembic_migrate.commands import inspecting

        return inspecting.journal(self._databases("read"))

    # --- configuration ------------------------------------------------------------------------

    def config_rows(self, *, resolve: bool = False) -> tuple[ConfigRow, ...]:
        """Return every key of the chosen bases with its value and origin, secrets masked.

        Args:
            resolve: call ``get_base()`` where it is what gives the URL.
        """
        names = self._configuration.choose(self._words, all_bases=self._all)
        if not resolve:
            return self._configuration.rows(names)
        from alembic_migrate.commands import configuring

        return configuring.resolved(self._targets("read"), self._configuration.rows(names))

    @staticmethod
    def config_schema() -> dict[str, Any]:
        """Return the JSON Schema of the table, for editors."""
        from alembic_migrate.config.schema import json_schema

        return json_schema()

    # --- inside -------------------------------------------------------------------------------

    def _with_directory(self, directory: str | os.PathLike[str]) -> Project:
        configuration = self._configuration.with_directory(os.fspath(directory))
        return Project(
            configuration, self._words, all_bases=self._all, x=self._x, tenants=self._tenants
        )

    def _migrating(
        self,
        wait: float,
        lock_wait: float | None,
        fleet: Fleet | None = None,
        *,
        names: tuple[str, ...] = (),
    ) -> tuple[Target, ...]:
        targets = tuple(
            replace(target, migrating=True, wait=wait, lock_wait_typed=lock_wait)
            for target in self._databases("write", ordered=True, names=names)
        )
        return targets if fleet is None else fleet.of_shard(targets)

    @staticmethod
    def _over(fleet: Fleet | None, report: Report, *, keep_going: bool) -> Over[Run]:
        from alembic_migrate.fleet.limits import Fleet
        from alembic_migrate.fleet.running import run

        return partial(run, fleet=fleet or Fleet(), keep_going=keep_going, report=report)

    def _databases(
        self, mode: Mode, *, ordered: bool = False, names: tuple[str, ...] = ()
    ) -> tuple[Target, ...]:
        """Return a target for each database: of a base with tenants, one for each of them."""
        from alembic_migrate.targets.tenants import expand_all

        targets = self._targets(mode, ordered=ordered, names=names)
        return expand_all(targets, self._tenants)

    def _targets(
        self,
        mode: Mode,
        *,
        all_bases: bool = False,
        ordered: bool = False,
        names: tuple[str, ...] = (),
    ) -> tuple[Target, ...]:
        """Return what to work on; ``names`` are the bases where none were asked for."""
        from alembic_migrate.targets import Target

        configuration = self._configuration
        everything = self._all or all_bases
        words = self._words if self._words or everything else names
        bases = configuration.select(words, everything, mode)
        if ordered:
            bases = configuration.in_order(bases)
        tables = frozenset(configuration.version_tables())
        return tuple(
            Target(base, tuple(map(Path, base["pythonpath"])), self._x, tables) for base in bases
        )
