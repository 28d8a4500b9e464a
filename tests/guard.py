"""Keeps one database server alive for exactly as long as the process that asked for it lives.

Run as ``python guard.py FOLDER USER SIGNAL COMMAND...`` with a pipe as its standard input. The
server is stopped with SIGNAL (a number) and FOLDER removed as soon as the pipe's other end closes:
by a call, at the end of the test run, after Ctrl-C, or because the test process was killed.
"""

from __future__ import annotations

import select
import shutil
import signal
import subprocess
import sys


def main(folder: str, user: str, stop: str, *command: str) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the pipe alone says when it is time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    identity = {"user": user, "group": user_group(user), "extra_groups": []} if user else {}
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=folder, **identity)
    try:
        while server.poll() is None and not select.select([sys.stdin], [], [], 0.2)[0]:
            pass
    finally:
        end(server, int(stop))
        shutil.rmtree(folder, ignore_errors=True)
    return server.returncode


def user_group(user: str) -> int:
    """Return the number of the group that `user` belongs to first."""
    import pwd

    return pwd.getpwnam(user).pw_gid


def end(server: subprocess.Popen[bytes], stop: int) -> None:
    """Ask the server to stop, and make it stop where it has not after ten seconds."""
    if server.poll() is None:
        server.send_signal(stop)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
