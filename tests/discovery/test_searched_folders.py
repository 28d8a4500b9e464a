from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from alembic_migrate.discovery.modules import import_user_module
from alembic_migrate.errors import DiscoveryError


def test_a_missing_module_tells_the_folders_that_may_hold_it_and_not_those_of_python(
    monkeypatch, tmp_path
):
    python = [sysconfig.get_path(each) for each in ("scripts", "stdlib", "purelib")]
    dynamic = str(Path(sysconfig.get_path("stdlib"), "lib-dynload"))
    monkeypatch.setattr(
        sys, "path", [str(tmp_path), *python, dynamic, "/usr/lib/python311.zip", "/srv/shared"]
    )
    with pytest.raises(DiscoveryError) as raised:
        import_user_module("nowhere.base", "--base")
    assert raised.value.message == (
        f"there is no module nowhere.base (asked for by --base); looked in: {tmp_path}, /srv/shared"
    )
    assert raised.value.hint == (
        'make nowhere/base.py, or name another module: module = "package.module"'
    )
