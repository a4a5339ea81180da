"""The colours of everything by what they mean: screens, tables of the command line and figures ask here.

Nothing of Textual is imported. A stylesheet says `$ga-line`, a style in text `$ga-a`, a tone `"soft"`
(see `tui.widgets.words`); figures and coloured tables take `PALETTES["light"]["a"]`.

`variables(palette, depth)` gives the theme variables of one of four depths: `true` colours, an explicit
table of `256` for either theme, the terminal's own `16`, and `mono` for NO_COLOR, where only weight speaks.

AUCs have one fixed scale of seven steps on every screen: `heat_step(0.83)` is 4, whose fill is
`$ga-fill-4` under `$ga-on-4`; printed numbers are inked `$ga-ink-4`, marks in grids `$ga-mark-4`.

Contrast, which a test computes: text 4.5 or more on every ground it may stand on, lines and marks 1.5.
`faint` and `line` stand on `ground` and `panel` only, `line` under the unfocused cursor too; under the
cursor and in overlays they rise to `soft` and `faint`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final, Literal

Depth = Literal["true", "256", "16", "mono"]
"""How many colours the terminal has."""
CUTS: Final = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9)
"""Where the next heat step begins; a value on a cut takes the lower."""
STEPS: Final = len(CUTS) + 1


def heat_step(auc: float) -> int:
    """The step of an AUC, 0 to 6; 0: no better than chance."""
    return bisect_left(CUTS, auc)


def heat_name(step: int) -> str:
    """What a key of colours says of a step."""
    return "≤.5" if step == 0 else ">.9" if step == STEPS - 1 else f"{CUTS[step]:g}".removeprefix("0")


_NAMES: Final = (
    "ground", "panel", "raised", "line", "select", "selecty", "faint", "soft", "text", "strong", "accent",
    "a", "b", "both", "good", "warn", "bad", "run", "banda", "bandb", "bande",
)  # fmt: skip
GROUNDS: Final = ("ground", "panel", "raised", "select", "selecty", "banda", "bandb", "bande")
INKS: Final = ("soft", "text", "strong", "accent", "a", "b", "both", "good", "warn", "bad", "run")
"""What may stand on every ground."""


def _palette(colours: str) -> Mapping[str, str]:
    return dict(zip(_NAMES, colours.split(), strict=True))


PALETTES: Final[Mapping[str, Mapping[str, str]]] = {
    "dark": _palette(
        "#14171c #1c2128 #262d37 #3f4857 #2c2f4a #22252f #7d8999 #9aa6b5 #d6dce5 #f5f7fa #b3a1ff "
        "#5cb3ff #f2a65a #d9d0c0 #6cc98a #e6c05c #ff7280 #5cd0d8 #19304a #473321 #2b313b"
    ),
    "light": _palette(
        "#fbfaf7 #f0ede6 #e6e2d8 #c0b9aa #e2dcfb #ece9e2 #726b5e #625c51 #26231e #000000 #5b3fc4 "
        "#1a66a7 #9c4e09 #5d5547 #25713f #7d5c00 #b21f35 #006e77 #d3e5f5 #f6e1cb #e4e1da"
    ),
    "256": _palette(
        "#121212 #262626 #303030 #4e4e4e #3a3a3a #303030 #949494 #a8a8a8 #dadada #ffffff #afafff "
        "#5fafff #ffaf5f #d7d7af #5fd787 #d7af5f #ff8787 #5fd7d7 #00005f #5f0000 #3a3a3a"
    ),
    "256-light": _palette(
        "#ffffff #eeeeee #eeeeee #b2b2b2 #e4e4e4 #eeeeee #6c6c6c #5f5f5f #262626 #000000 #5f00d7 "
        "#005faf #875f00 #4e4e4e #005f00 #5f5f00 #af0000 #005f5f #d7ffff #ffffaf #e4e4e4"
    ),
}
"""Palette -> token -> colour."""

HEAT: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    palette: {kind: tuple(colours.split()) for kind, colours in kinds.items()}
    for palette, kinds in {
        "dark": {
            "fill": "#47262e #1c262e #1b303a #1a3c47 #1a4a54 #1b5a62 #1f6d70",
            "on": "#e9f3f3 #e9f3f3 #e9f3f3 #e9f3f3 #e9f3f3 #e9f3f3 #e9f3f3",
            "ink": "#e08a93 #8e9aa6 #8aa0ab #86aab2 #7fb5b8 #77c2c0 #6fd0c8",
            "mark": "#e0697a #5f7280 #4f7d8c #3f8491 #3f9aa2 #48b3b3 #62d0c6",
        },
        "light": {
            "fill": "#f6d5d6 #eef4f3 #dcecea #c5e2e0 #a9d5d3 #8ac6c5 #66b3b3",
            "on": "#10201f #10201f #10201f #10201f #10201f #10201f #10201f",
            "ink": "#a8323f #68635a #5b6662 #496966 #356c69 #1f6e6b #006f6b",
            "mark": "#c2304a #8d9a9a #6f9494 #4f8c8c #2f8282 #127476 #006567",
        },
        "256": {
            "fill": "#5f0000 #262626 #303030 #3a3a3a #005f5f #00875f #00afaf",
            "on": "#ffffff #ffffff #ffffff #ffffff #ffffff #ffffff #121212",
            "ink": "#ff8787 #a8a8a8 #afafaf #87afaf #87d7d7 #5fd7d7 #00d7d7",
            "mark": "#d75f5f #5f5f5f #5f5f87 #5f8787 #008787 #00afaf #5fd7d7",
        },
        "256-light": {
            "fill": "#ffd7d7 #eeeeee #e4e4e4 #dadada #afd7d7 #87d7d7 #5fafaf",
            "on": "#121212 #121212 #121212 #121212 #121212 #121212 #121212",
            "ink": "#af005f #626262 #5f5f5f #585858 #4e4e4e #005f87 #005f5f",
            "mark": "#d7005f #9e9e9e #8a8a8a #5f8787 #008787 #005f87 #005f5f",
        },
    }.items()
}
"""Palette -> fill, text on it, ink on the ground, mark -> a colour for each step."""

_SIXTEEN: Final = dict.fromkeys(_NAMES, "ansi_default") | {
    "line": "ansi_bright_black",
    "faint": "ansi_bright_black",
    "accent": "ansi_bright_magenta",
    "a": "ansi_bright_cyan",
    "b": "ansi_bright_yellow",
    "both": "ansi_bright_white",
    "good": "ansi_green",
    "warn": "ansi_yellow",
    "bad": "ansi_bright_red",
    "run": "ansi_cyan",
}
"""Tints and fills are left out: their numbers stay."""
_WEIGHTS: Final = {
    "strong": "bold",
    "accent": "bold",
    "bad": "bold",
    "run": "bold",
    "b": "bold",
    "soft": "dim",
    "faint": "dim",
    "line": "dim",
}
"""What a tone is where there are no colours."""


def depth_of(color_system: str | None, no_color: bool = False) -> Depth:
    """The depth of a terminal, from what rich found out about it."""
    if no_color:
        return "mono"
    return {"standard": "16", "256": "256", "eight_bit": "256"}.get(color_system or "", "true")  # type: ignore[return-value]


def _table(palette: str, depth: Depth) -> str:
    """The name of the table that a palette has at a depth."""
    return palette if depth != "256" else "256" if palette == "dark" else "256-light"


def colours(palette: str, depth: Depth) -> Mapping[str, str]:
    """Token -> colour, in names that a stylesheet takes."""
    if depth in ("16", "mono"):
        return _SIXTEEN
    return PALETTES[_table(palette, depth)]


def variables(palette: str, depth: Depth) -> dict[str, str]:
    """The variables of a stylesheet: `ga-` tokens, heat steps, and `say-` styles of tones in text."""
    found = {f"ga-{name}": colour for name, colour in colours(palette, depth).items()}
    plain = depth in ("16", "mono")
    heat = HEAT[_table(palette, depth)]
    for kind, steps in heat.items():
        for step, colour in enumerate(steps):
            low = "ansi_bright_red" if depth == "16" and step == 0 and kind != "fill" else "ansi_default"
            found[f"ga-{kind}-{step}"] = low if plain else colour
    for name in ("faint", "soft", "text", "strong", "accent", "line", *INKS[4:]):
        colour = found[f"ga-{name}"]
        found[f"say-{name}"] = _WEIGHTS.get(name, colour) if depth == "mono" else colour
    found["say-select"] = "reverse" if plain else f"on {found['ga-select']}"
    found["say-selecty"] = "bold" if plain else f"on {found['ga-selecty']}"
    for kind in ("banda", "bandb", "bande"):
        # Where there are no tints it changes nothing: the ink is that of what stands on the band.
        found[f"say-{kind}"] = "not italic" if plain else f"on {found[f'ga-{kind}']}"
    for step in range(STEPS):
        on, fill = found[f"ga-on-{step}"], found[f"ga-fill-{step}"]
        found[f"say-fill-{step}"] = ("bold" if depth == "mono" else on) if plain else f"{on} on {fill}"
        ink = found[f"ga-ink-{step}"]
        found[f"say-ink-{step}"] = "dim" if depth == "mono" else ink
        found[f"say-mark-{step}"] = (
            ("bold" if step == 0 else "not bold") if depth == "mono" else found[f"ga-mark-{step}"]
        )
    if plain:
        for step in range(1, STEPS):
            found[f"say-fill-{step}"] = "not dim"
    return found


# ---------------------------------------------------------------------------- ASCII

_PAIRS: Final = (
    "✓+ ◐~ ·. ✗x ╌- ▶> ■# □. ●* ○o ◆# ◉@ ×x ─- ╶- ╴- ◀< ┊: ╎: │| ━= ╸- ▁. ▂. ▃: ▄: ▅= ▆= ▇# █# "
    "┌+ ├+ └+ ┐+ ┘+ ┤+ ┬+ ┴+ ┼+ ╭+ ╮+ ╰+ ╯+ ▾v ▴^ ▲^ ▸> ▌> ±~ …~ Δd −- ∅0 ≤< ≥> ←< →> ↑^ ↓v ▔- –- —- °' "
    "║| ═= ▏| ▎| ▍| ▊| ▕| ▐| ▀# ░."
)
TO_ASCII: Final = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}
"""One character for one, over finished lines."""


def to_ascii(line: str) -> str:
    """A finished line in ASCII, as wide as it was; braille dots become `*`, what is not known `?`."""
    if line.isascii():
        return line
    line = line.translate(TO_ASCII)
    if line.isascii():
        return line
    return "".join(sign if sign.isascii() else _ascii(sign) for sign in line)


def _ascii(sign: str) -> str:
    if "\u2800" <= sign <= "\u28ff":
        return "*" if sign > "\u2800" else " "
    from rich.cells import cell_len

    return "?" * cell_len(sign)
