"""Bytes for the terminal: fewer than Rich writes, and the same picture."""

import io
import random
import tarfile
from pathlib import Path

import pyte
import pytest
from fake_arena import at_rest, shows
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import LayoutUpdate

from store.home import find_home
from store.store import Store
from tui.app import ArenaApp
from tui.questions.arena import Arena
from tui.terminal.sparing import sparing

SAMPLE = Path(__file__).parents[2] / "tools" / "pictures.tar.xz"


def cells(written: str, columns: int = 120, lines: int = 40) -> list:
    screen = pyte.Screen(columns, lines)
    pyte.Stream(screen).feed(written)
    return [[screen.buffer[y][x] for x in range(columns)] for y in range(lines)]


def a_style(chance: random.Random) -> Style:
    colours = ["default", "red", "bright_blue", "color(77)", "#102030", "#102031", "#f0e0d0", None]
    switches = (
        "bold",
        "dim",
        "italic",
        "underline",
        "blink",
        "reverse",
        "strike",
        "overline",
        "underline2",
    )
    on = {name: True for name in switches if chance.random() < 0.2}
    return Style(color=chance.choice(colours), bgcolor=chance.choice(colours), **on)


@pytest.mark.parametrize("seed", range(20))
def test_any_styles_one_after_the_other_look_as_rich_writes_them(seed):
    chance = random.Random(seed)
    styles = [a_style(chance) for _ in range(6)]
    pieces = []
    for _ in range(60):
        if chance.random() < 0.2:
            pieces.append(Control.move_to(chance.randrange(100), chance.randrange(40)).segment.text)
        pieces.append(chance.choice(styles).render(chance.choice(["a", "  ", "mean"])))
    written = "".join(pieces)
    assert cells(sparing(written)) == cells(written)
    assert len(sparing(written)) < len(written)


def test_the_last_style_is_taken_back():
    assert sparing("\x1b[1;31ma\x1b[0m\x1b[31mb\x1b[0m") == "\x1b[1;31ma\x1b[22mb\x1b[0m"
    assert sparing("a\x1b[1mb\x1b[0mc") == "a\x1b[1mb\x1b[0mc"


async def test_a_whole_board_takes_less_than_25_kib(tmp_path):
    with tarfile.open(SAMPLE) as archive:
        archive.extractall(tmp_path, filter="data")
    home = find_home(str(tmp_path))
    store = Store(home)
    store.flush()
    store.close()
    app = ArenaApp(Arena(home))
    async with app.run_test(size=(120, 40)) as pilot:
        await at_rest(pilot)
        await pilot.press("3")
        await at_rest(pilot)
        await shows(pilot, "may be the best")
        update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system="truecolor", legacy_windows=False
    )
    written = update.render_segments(console)
    assert cells(written) == cells(LayoutUpdate(update.strips, update.region).render_segments(console))
    assert len(written.encode()) < 25 * 1024
