"""What may stand on what can be read: WCAG contrast of every pair in every table."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.style import Style

import tui
from tui.terminal.tokens import (
    CUTS,
    GROUNDS,
    HEAT,
    INKS,
    PALETTES,
    STEPS,
    TO_ASCII,
    heat_step,
    to_ascii,
    variables,
)


def luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", PALETTES)
def test_everything_can_be_read_where_it_may_stand(name):
    tokens, heat = PALETTES[name], HEAT[name]
    pairs = [(tokens[ink], tokens[ground], 4.5) for ink in INKS for ground in GROUNDS]
    pairs += [(tokens["faint"], tokens[ground], 4.5) for ground in ("ground", "panel")]
    pairs += [(tokens["line"], tokens[ground], 1.5) for ground in ("ground", "panel")]
    pairs += [(tokens["ground"], tokens["accent"], 4.5)]
    pairs += [(heat["on"][i], heat["fill"][i], 4.5) for i in range(STEPS)]
    for ground in ("ground", "panel", "select", "selecty"):
        pairs += [(ink, tokens[ground], 4.5) for ink in heat["ink"]]
        pairs += [(mark, tokens[ground], 1.5) for mark in heat["mark"]]
    assert [pair for pair in pairs if contrast(*pair[:2]) < pair[2]] == []
    assert all(len(set(steps)) == STEPS for kind, steps in heat.items() if kind != "on")


@pytest.mark.parametrize("name", ["256", "256-light"])
def test_the_256_colours_are_colours_of_the_table(name):
    cube = re.compile("#(00|5f|87|af|d7|ff){3}")
    used = [*PALETTES[name].values(), *(colour for steps in HEAT[name].values() for colour in steps)]
    greys = {f"#{8 + 10 * i:02x}" + f"{8 + 10 * i:02x}" * 2 for i in range(24)}
    assert [colour for colour in used if not cube.fullmatch(colour) and colour not in greys] == []


def test_a_value_on_a_cut_takes_the_lower_step():
    assert [heat_step(cut) for cut in CUTS] == [*range(6)]
    assert [heat_step(cut + 1e-9) for cut in CUTS] == [*range(1, 7)]


def test_every_depth_has_every_variable_and_only_colours_have_tints():
    names = [set(variables("dark", depth)) for depth in ("true", "256", "16", "mono")]
    assert names == names[:1] * 4
    for depth in ("16", "mono"):
        found = variables("light", depth)
        assert not [
            name for name, style in found.items() if name.startswith("say-") and style.startswith("on ")
        ]


@pytest.mark.parametrize("depth", ["16", "mono"])
@pytest.mark.parametrize("tone", ["a", "b", "text", "strong", "faint"])
def test_what_stands_on_a_band_keeps_its_ink_where_there_are_no_tints(depth, tone):
    found = variables("dark", depth)
    alone, on_band = (Style.parse(found[f"say-{tone}"] + more) for more in ("", f" {found['say-banda']}"))
    assert (on_band.foreground, on_band.background) == (alone.foreground, alone.background)
    assert (bool(on_band.dim), bool(on_band.bold)) == (bool(alone.dim), bool(alone.bold))


def test_ascii_is_as_wide_as_it_was():
    line = "".join(map(chr, TO_ASCII)) + "⠁⣿é語"
    assert to_ascii(line).isprintable()
    assert to_ascii(line).isascii()
    assert cell_len(to_ascii(line)) == cell_len(line)


def test_every_sign_that_a_screen_draws_has_one_in_ascii():
    for path in sorted(Path(tui.__file__).parent.rglob("*.py")):
        if path.parent.name == "figures":  # for print
            continue
        said = "".join(strings(ast.parse(path.read_text(encoding="utf-8"))))
        drawn = {sign for sign in said if not sign.isascii() and not "\u2800" <= sign <= "\u28ff"}
        assert {sign for sign in drawn if ord(sign) not in TO_ASCII} == set(), path


def strings(tree):
    """What a module says, its docstrings left out."""
    docs = {
        id(line.value)
        for node in ast.walk(tree)
        for line in (node.body if isinstance(getattr(node, "body", None), list) else ())
        if isinstance(line, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value
