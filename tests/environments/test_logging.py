"""The host's loggers are as before, whatever an environment script does with logging."""

from __future__ import annotations

import io
import logging

import pytest

from tests.environments.conftest import BOOK, alembic_init, edit
from tests.environments.test_ancestor import folder

TOML = """
    [tool.alembic-migrate]
    metadata = "shop:Base"
    url = "sqlite:///shop.db"
    """
ONE_BASE = {"pyproject.toml": TOML, "shop.py": BOOK}


@pytest.fixture(params=["generic", "async", "ancestor", "strict"])
def app(request, project, loaded):
    """A project whose env.py calls fileConfig(), which disables every other logger."""
    if request.param == "ancestor":
        return loaded(project(folder()))
    driver = "sqlite+aiosqlite" if request.param == "async" else "sqlite"
    here = project({**ONE_BASE, "pyproject.toml": TOML.replace("sqlite", driver)})
    alembic_init(here, "-t", "async" if request.param == "async" else "generic", "migrations")
    if request.param == "strict":
        edit(
            here,
            "migrations/env.py",
            "    fileConfig(config.config_file_name)",
            "    fileConfig(config.config_file_name)\n"
            "    import logging\n"
            "    logging.getLogger('host.app').handlers.clear()\n"
            "    logging.getLogger('host.app').addFilter(lambda record: False)\n"
            "    logging.getLogger('host.app').propagate = True\n"
            "    logging.disable(logging.CRITICAL)\n"
            "    logging.shutdown()",
        )
    return loaded(here)


class Remembering(logging.StreamHandler):
    closed = False

    def close(self):
        self.closed = True
        super().close()


@pytest.fixture
def host():
    """A host's logging: a logger with level, handler and no propagation, and one of Alembic's."""
    log, alembic, root = (logging.getLogger(name) for name in ("host.app", "alembic", None))
    handler, rooted = Remembering(io.StringIO()), Remembering(io.StringIO())
    before = [(each, each.level, each.handlers[:]) for each in (log, alembic, root)]
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    log.propagate = False
    alembic.setLevel(logging.ERROR)
    root.addHandler(rooted)
    yield log, handler, rooted
    log.propagate = True
    logging.disable(logging.NOTSET)
    for each, level, handlers in before:
        each.setLevel(level)
        each.handlers[:] = handlers


def test_the_hosts_loggers_are_as_before(app, host):
    log, handler, rooted = host
    root = logging.getLogger()
    before = [(x.level, x.handlers[:], x.propagate, x.disabled) for x in (log, root)]

    app.migrate("first", rev_id="aaa")
    app.upgrade()
    app.current()

    after = [(x.level, x.handlers[:], x.propagate, x.disabled) for x in (log, root)]
    assert after == before
    assert log.filters == []
    assert root.manager.disable == logging.NOTSET
    assert logging.getLogger("alembic").level == logging.ERROR
    assert logging.getLogger("sqlalchemy.engine").level == logging.NOTSET
    assert (handler.closed, rooted.closed) == (False, False)
    log.debug("still heard")
    assert handler.stream.getvalue() == "still heard\n"


def test_the_hosts_loggers_are_as_before_after_a_failure(app, host):
    log, handler, _ = host

    with pytest.raises(Exception, match="no revision 'nope'"):
        app.upgrade("nope")

    log.warning("still heard")
    assert handler.stream.getvalue() == "still heard\n"


def test_handlers_that_a_script_made_do_not_stay(app):
    app.current()
    before = [ref() for ref in logging._handlerList]

    app.current()

    assert [ref() for ref in logging._handlerList] == before


def test_the_library_prints_nothing_with_our_environment(project, loaded, capfd):
    app = loaded(project({**ONE_BASE, "migrations/versions/.keep": ""}))

    app.migrate("first", rev_id="aaa")
    app.upgrade()
    app.check()
    app.downgrade("base")

    assert capfd.readouterr() == ("", "")


def test_what_alembic_detects_is_an_event_and_not_for_the_hosts_handlers(project, loaded, host):
    _, _, rooted = host
    events = []

    loaded(project({**ONE_BASE, "migrations/versions/.keep": ""})).migrate(
        "first", rev_id="aaa", report=events.append
    )

    assert [event.message for event in events if event.kind == "log"] == [
        "Detected added table 'book'"
    ]
    assert rooted.stream.getvalue() == ""
