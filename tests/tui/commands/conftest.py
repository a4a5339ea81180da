from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import pytest
import small_home
from click.testing import CliRunner

from store.home import find_home
from tui.cli import cli


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home")


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """One filled home, made once; tests get copies."""
    return small_home.fill(find_home(tmp_path_factory.mktemp("template") / "home"))


@pytest.fixture
def filled(home, template):
    shutil.copytree(template.home.data.parent, home.data.parent)
    return replace(template, home=home)


class Caller:
    """Calls the command line in this process, on the test's own home."""

    def __init__(self, root):
        self._root = str(root)

    def __call__(self, *arguments, **extra):
        return CliRunner().invoke(cli, ["--home", self._root, *arguments], **extra)

    def json(self, *arguments, code=0):
        """What the call prints on standard output, parsed; its exit code must be `code`."""
        result = self(*arguments, "--json")
        assert result.exit_code == code, result.stderr
        return json.loads(result.stdout)

    def refused(self, *arguments, code=2):
        """The one sentence on standard error of a call that must fail, with nothing on standard output."""
        result = self(*arguments)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("error: ")
        return lines[0]


@pytest.fixture
def call(home):
    before = dict(os.environ)
    yield Caller(home.data.parent)
    os.environ.clear()
    os.environ.update(before)
