"""SQLAlchemy's events of every engine, for a while, in one thread's context alone.

Listeners on the class ``Engine`` that came and went would change SQLAlchemy's lists of them under
the feet of other threads, and would see the host's own engines. Ours are set once a process and act
only where a ``listening`` block is entered; what that block's context starts (an event loop, a
thread that is waited for) belongs to it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy.engine import Dialect

_EVENTS = (
    "do_connect",
    "engine_connect",
    "begin",
    "before_cursor_execute",
    "after_cursor_execute",
    "handle_error",
    "commit",
    "rollback",
    "checkin",
)
_ACTIVE: ContextVar[tuple[Mapping[str, Callable[..., Any]], ...]] = ContextVar("active", default=())
_ONCE = threading.Lock()
_installed: dict[str, Callable[..., Any]] = {}


@contextmanager
def listening(listeners: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """Hand the events of this context's connections on.

    Args:
        listeners: functions by SQLAlchemy's names of events; one of ``do_connect`` may return a
            connection, which ends the search for others.
    """
    _install()
    token = _ACTIVE.set((*_ACTIVE.get(), listeners))
    try:
        yield
    finally:
        _ACTIVE.reset(token)


def _install() -> None:
    with _ONCE:
        for name in _EVENTS[len(_installed) :]:
            hand_on = _hander_on(name)
            event.listen(Engine, name, hand_on)
            _installed[name] = hand_on


def others(dialect: Dialect) -> Iterator[Callable[..., Any]]:
    """Return the listeners of ``do_connect`` that are not ours: a project's, with its passwords.

    SQLAlchemy asks those of the class first, and nobody after one that returns a connection.
    """
    ours = _installed.get("do_connect")
    return (each for each in dialect.dispatch.do_connect if each is not ours)


def _hander_on(name: str) -> Callable[..., Any]:
    def hand_on(*arguments: Any) -> Any:
        for listeners in _ACTIVE.get():
            if name in listeners:
                answer = listeners[name](*arguments)
                if answer is not None:
                    return answer
        return None

    return hand_on
