"""What somebody at a terminal sees of a fleet."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios

from tests.fleet.fleets import files
from tests.projects import COMMAND, environment

SEVEN = ("a", "b", "c", "d", "e", "f", "g")


def watched(here, *words):
    """Run the command with a terminal as its stderr; return its exit, stdout, and what was seen."""
    seen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = subprocess.Popen(
        [str(COMMAND), *words],
        cwd=here.root,
        env=environment(here.root, {"TERM": "xterm", "NO_COLOR": "1"}),
        stdout=subprocess.PIPE,
        stderr=terminal,
        stdin=subprocess.DEVNULL,
    )
    os.close(terminal)
    text = b""
    while True:
        try:
            part = os.read(seen, 4096)
        except OSError:  # nobody has the terminal open any more
            break
        text += part
    os.close(seen)
    out, _ = process.communicate()
    return process.returncode, out.decode(), text.decode()


def test_a_bar_shows_how_far_databases_are_and_what_failed(project):
    here = files(project(), SEVEN)
    here.write("special_c.py", "raise ValueError('not this one')\n")
    status, out, seen = watched(here, "upgrade", "-j", "2", "--keep-going")

    assert status == 6
    assert out == ""
    assert " 7/7 " in seen
    assert "/s " in seen
    assert "1 failed" in seen
    assert "[c] failed in " in seen
    assert "[a] done in" not in seen
    assert "[a] Running upgrade r1 -> r2" in seen


def test_there_is_no_bar_for_few_databases_nor_where_none_is_wanted(project):
    here = files(project(), SEVEN)
    for words in (("--tenant", "a,b"), ("-q",)):
        status, _, seen = watched(here, "upgrade", *words)
        assert status == 0
        assert "7/7" not in seen
        assert "2/2" not in seen
