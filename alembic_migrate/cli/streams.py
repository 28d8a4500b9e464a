"""The process's streams: answers alone on stdout, colours only where they are seen."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STDOUT, STDERR = 1, 2


def use_colour(stream: IO[str] | None, choice: str) -> bool:
    """Return whether a stream gets colours: ``--color`` first, then NO_COLOR, then FORCE_COLOR."""
    if choice in ("always", "never"):
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: IO[str] | None) -> bool:
    """Return whether somebody watches the stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # a closed stream
        return False


def write_quietly(stream: IO[str] | None, text: str) -> None:
    """Write a line of progress or an error; nobody listening any more is no reason to stop."""
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):
            stream.write(f"{text}\n")
            stream.flush()


def never_fail_on_letters() -> None:
    """Let both streams write letters that their encoding lacks (C locale) as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def flush_quietly() -> None:
    """Flush both streams; where a reader is gone, keep Python from complaining when it exits."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextlib.contextmanager
def answers_only() -> Iterator[IO[str] | None]:
    """Hand on the real stdout; until the end, whatever else is printed goes to stderr.

    Where stdout was closed from the beginning, as with ``>&-``, there is None to hand on.

    Revisions, ``env.py`` files and post-write hooks print what they like. Where stdout is the
    process's own, what child processes print is turned aside too.
    """
    real: IO[str] | None = sys.stdout
    with contextlib.ExitStack() as stack:
        out = _aside(stack) if _is_own(real) else real
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        yield out


def _is_own(stream: IO[str] | None) -> bool:
    try:
        own = stream is not None and stream.fileno() == STDOUT
        os.fstat(STDERR)
    except (OSError, ValueError):
        return False
    return own


def _aside(stack: contextlib.ExitStack) -> IO[str]:
    """Point the process's stdout to its stderr and return a stream to where it went before."""
    real = sys.stdout
    real.flush()
    out = stack.enter_context(
        _open_quietly(os.dup(STDOUT), encoding=real.encoding, errors="backslashreplace")
    )
    back = os.dup(STDOUT)

    def restore() -> None:
        os.dup2(back, STDOUT)
        os.close(back)

    stack.callback(restore)
    os.dup2(STDERR, STDOUT)
    return out


@contextlib.contextmanager
def _open_quietly(descriptor: int, *, encoding: str, errors: str) -> Iterator[IO[str]]:
    """Open a descriptor for writing; closing it says nothing about a reader that is gone."""
    stream = open(descriptor, "w", encoding=encoding, errors=errors)  # noqa: SIM115
    try:
        yield stream
    finally:
        with contextlib.suppress(OSError):
            stream.close()
