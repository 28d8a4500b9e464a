"""The host's loggers and warnings: kept as they are, whatever an environment script does."""

from __future__ import annotations

import logging
import re
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from alembic_migrate.events import Event, Report
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = pattern(r"(alembic|sqlalchemy|mako|pydantic|click|rich|tomlkit)(\.|$)")


@contextmanager
def kept_logging() -> Iterator[None]:
    """Leave every logger as it was: level, handlers, filters, propagation, disabled or not.

    ``logging.config.fileConfig`` disables what it does not know and closes every handler there is;
    handlers that exist already are hidden from it meanwhile.
    """
    root = logging.getLogger()
    loggers = [
        root,
        *(x for x in root.manager.loggerDict.values() if isinstance(x, logging.Logger)),
    ]
    before = [(log, _state(log)) for log in loggers]
    # The registry of handlers has no public name; without it nothing is closed behind our back.
    registry: list[Any] = getattr(logging, "_handlerList", [])
    names: Any = getattr(logging, "_handlers", {})
    kept_registry, kept_names = registry[:], dict(names)
    modules = set(sys.modules)
    known = {log.name for log in loggers}
    registry.clear()
    silenced = root.manager.disable
    try:
        yield
    finally:
        logging.disable(silenced)
        for log, (level, handlers, filters, propagate, disabled) in before:
            if log.level != level:  # to set it costs a look at every logger there is
                log.setLevel(level)
            log.handlers[:], log.filters[:] = handlers, filters
            log.propagate, log.disabled = propagate, disabled
        _reset_made(known, modules)
        registry[:0] = kept_registry
        names.update(kept_names)


def _state(log: logging.Logger) -> tuple[Any, ...]:
    return log.level, log.handlers[:], log.filters[:], log.propagate, log.disabled


def _reset_made(known: set[str], modules: set[str]) -> None:
    """Give loggers that were made meanwhile no level and no handlers of their own.

    Those of packages that were imported meanwhile are as their packages want them.
    """
    loggers = logging.getLogger().manager.loggerDict
    made = [
        (name, log)
        for name, log in loggers.items()
        if isinstance(log, logging.Logger) and name not in known
    ]
    packages = {name.partition(".")[0] for name in modules} if made else set()
    for name, log in made:
        if name.partition(".")[0] in packages:
            log.setLevel(logging.NOTSET)
            log.handlers.clear()
            log.propagate, log.disabled = True, False


def tell_steps_once() -> None:
    """Keep a console handler that a script made from repeating the steps, which are events."""
    for reference in getattr(logging, "_handlerList", []):
        handler = reference()
        if getattr(handler, "stream", None) in (sys.stdout, sys.stderr):
            handler.addFilter(_is_no_step)


def _is_no_step(record: logging.LogRecord) -> bool:
    return record.name != "alembic.runtime.migration" or record.msg != "Running %s"


class _Forward(logging.Handler):
    def __init__(self, report: Report, base: str) -> None:
        super().__init__(logging.INFO)
        self.report = report
        self.base = base

    def emit(self, record: logging.LogRecord) -> None:
        kind = "warning" if record.levelno >= logging.WARNING else "log"
        self.report(
            Event("warning" if kind == "warning" else "log", record.getMessage(), self.base)
        )


@contextmanager
def forwarded_logs(report: Report, base: str) -> Iterator[None]:
    """Report what Alembic logs while it compares models and database."""
    log = logging.getLogger("alembic.autogenerate")
    level, propagate = log.level, log.propagate
    handler = _Forward(report, base)
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagate


@contextmanager
def forwarded_warnings(report: Report, base: str) -> Iterator[None]:
    """Report our dependencies' warnings as events; drop those meant for their developers.

    Warnings of the user's own code go where they always go.
    """
    with warnings.catch_warnings():
        usual = warnings.showwarning
        for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
            warnings.filterwarnings("ignore", category=category, module=_OURS.pattern)
        warnings.filterwarnings("always", category=UserWarning, module=_OURS.pattern)
        # MySQL's remark on every version table that Alembic makes; aiomysql hands it on.
        warnings.filterwarnings("ignore", message=r"Name '.*' ignored for PRIMARY key")

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if re.search(r"[\\/](alembic|sqlalchemy|mako)[\\/]", filename):
                report(Event("warning", str(message), base))
            else:
                usual(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield
