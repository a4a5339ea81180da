"""What is pasted is text, however much it is and whatever is in it: nothing freezes and nothing obeys."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest
from fake_arena import FakeArena, a_table, at_rest, drive, make_app, paste, told, until
from hypothesis import given
from hypothesis import strategies as st
from test_real_terminal import Terminal
from textual import events
from textual.document._syntax_aware_document import SyntaxAwareDocument
from textual.widgets import Input

from tui.terminal import pasting, typeahead
from tui.terminal.pasting import END, FLOOD, KEPT, LINE, START, TEXT, PasteParser
from tui.widgets import sqleditor
from tui.widgets.sqleditor import HIGHLIGHTED, SqlEditor

LINES = "select 1,\n"
FIELDS = {
    "command": (":",),
    "filter": ("/",),
    "palette": ("ctrl+p",),
    "prompt": ("3", "e", "end"),
    "pick": ("4", "f"),
}
"""Field of one line -> the keys that open it."""


def read(text: str, sizes=(4096,)) -> list[tuple[str, str]]:
    """What the parser makes of `text` when it is read in pieces of these sizes."""
    parser, found, sizes = PasteParser(), [], itertools.cycle(sizes)
    while text:
        size = next(sizes)
        found += parser.feed(text[:size])
        text = text[size:]
    found += parser.tick()
    return [
        ("paste", event.text) if isinstance(event, events.Paste) else ("key", event.key)
        for event in found
        if isinstance(event, (events.Paste, events.Key))
    ]


# ---------------------------------------------------------------------------- as it is read


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        ("a\x1bq", "aq"),
        ("a\x1b" + "q" * 50, "a" + "q" * 50),
        ("\x1b[A\x1b[<0;5;5M", "[A[<0;5;5M"),
        ("\x1b]52;c;aGk=\x07", "]52;c;aGk="),
        ("\x1b[201", "[201"),
        ("two\r\nlines\tx", "two\r\nlines\tx"),
        ("\x00\x01\x7f\x9b2J", "2J"),
        (START + "again", "[200~again"),
        ("tail\x1b", "tail"),
    ],
)
@pytest.mark.parametrize("sizes", [(4096,), (1,), (5,)])
def test_a_paste_is_text_whatever_is_in_it(pasted, text, sizes):
    before_and_after = [("key", "k"), ("paste", text), ("key", "up"), ("key", "q")]
    assert read(f"k{START}{pasted}{END}\x1b[Aq", sizes) == before_and_after


@pytest.mark.parametrize("code", ["1114112u", "99999999999999u", "1;9:9u", ":u", "97;1;55296u", "2:7~"])
def test_a_key_that_nobody_has_is_passed_over(code):
    assert read(f"a\x1b[{code}b") == [("key", "a"), ("key", "b")]


@given(
    st.lists(
        st.one_of(st.sampled_from([START, "\x1b", "[", "2", "201", "q", "\r"]), st.text(max_size=5)),
        max_size=20,
    ).map("".join),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_no_paste_presses_a_key_however_it_is_cut(pasted, sizes):
    text = pasted.replace(END, "")
    found = read(f"{START}{text}{END}z", sizes)
    assert found[-1] == ("key", "z")
    assert [kind for kind, _ in found] in (["paste", "key"], ["key"])
    assert found == read(f"{START}{text}{END}z")
    assert not any(ord(c) < 32 and c not in "\t\r\n" for _, told in found[:-1] for c in told)


def test_keys_outside_a_paste_are_as_textual_reads_them():
    assert read("q\r\x1b[A\x1bOP", (3,)) == [("key", "q"), ("key", "enter"), ("key", "up"), ("key", "f1")]


def test_of_a_paste_no_more_is_kept_than_shows_that_it_is_too_long():
    [(_, text), after] = read(f"{START}{'x' * (3 * KEPT)}{END}q", (100_000,))
    assert len(text) == KEPT + 1
    assert after == ("key", "q")


def test_what_a_terminal_types_that_does_not_mark_pastes_presses_nothing(monkeypatch):
    clock = iter([0.0, 0.01, 0.02, 5.0])
    monkeypatch.setattr(pasting, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    found = read("x" * FLOOD + "y" * FLOOD + "q\r" + "q", (FLOOD, FLOOD, 2, 1))
    assert [kind for kind, _ in found] == ["paste", "paste", "paste", "key"]


# ---------------------------------------------------------------------------- fields of one line


async def opened(pilot, keys):
    for key in keys:
        await at_rest(pilot)
        await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.focused, Input))


@pytest.mark.parametrize("keys", FIELDS.values(), ids=FIELDS)
@pytest.mark.parametrize("text", ["x" * 1_000_000, LINES * 100_000], ids=["one line", "many lines"])
async def test_a_huge_paste_is_refused_in_a_sentence_and_changes_nothing(keys, text):
    arena = FakeArena()
    arena.boards = {"lr": a_table()}
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, keys)
        before = app.focused.value
        paste(pilot, text)
        await until(pilot, lambda: "1,000,000 characters are more than a line takes" in told(app))
        assert app.focused.value == before
        await pilot.press("z")
        assert app.focused.value == before + "z"
        assert arena.launched == arena.requests == []


@pytest.mark.parametrize("keys", FIELDS.values(), ids=FIELDS)
async def test_of_many_lines_one_is_taken_and_none_is_entered(keys):
    arena = FakeArena()
    arena.boards = {"lr": a_table()}
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, keys)
        field, before = app.focused, app.focused.value
        paste(pilot, "one\rquit\rq\r")
        await until(pilot, lambda: field.value == before + "one")
        await at_rest(pilot)
        assert app.focused is field
        assert app.is_running


async def test_a_paste_where_nothing_is_typed_does_nothing():
    arena = FakeArena()
    app = make_app(arena)
    async with drive(app) as pilot:
        await at_rest(pilot)
        paste(pilot, "q\r\rq")
        await at_rest(pilot)
        assert app.is_running
        assert arena.launched == []


async def test_pieces_of_one_paste_are_refused_once_and_add_up(monkeypatch):
    monkeypatch.setattr(typeahead, "TOGETHER", 60.0)
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        await at_rest(pilot)
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, Input))
        for _ in range(20):
            paste(pilot, "x" * 1000)
        await until(pilot, lambda: "more than a line takes" in told(app))
        await at_rest(pilot)
        assert len(app.focused.value) <= LINE
        assert told(app).count("more than a line takes") == 1


async def test_more_keys_than_anybody_types_are_lost_rather_than_answered_for_minutes(monkeypatch):
    monkeypatch.setattr(typeahead, "MOST", 50)
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        await at_rest(pilot)
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, Input))
        for _ in range(500):
            app.post_message(events.Key("x", "x"))
        await until(pilot, lambda: app._typed.empty() and app.focused.value)
        await at_rest(pilot)
        assert 0 < len(app.focused.value) < 500


# ---------------------------------------------------------------------------- the editor


@pytest.fixture
def parsed(monkeypatch):
    """Sizes of the texts that were parsed for their colours."""
    sizes = []
    real = SyntaxAwareDocument.replace_range, SyntaxAwareDocument.query_syntax_tree

    def replace_range(self, start, end, text):
        sizes.append(len(self.text) + len(text))
        return real[0](self, start, end, text)

    def query_syntax_tree(self, *rest, **named):
        sizes.append(len(self.text))
        return real[1](self, *rest, **named)

    monkeypatch.setattr(SyntaxAwareDocument, "replace_range", replace_range)
    monkeypatch.setattr(SyntaxAwareDocument, "query_syntax_tree", query_syntax_tree)
    return sizes


async def typing(pilot):
    await at_rest(pilot)
    await pilot.press("6", "i")
    await at_rest(pilot)
    editor = pilot.app.screen.query_one(SqlEditor)
    editor.text = ""
    return editor


@pytest.mark.parametrize(
    "piece", ["select 1, ", LINES, "x" * 10], ids=["one line", "many lines", "one word"]
)
async def test_a_long_text_is_never_parsed_for_its_colours(parsed, piece):
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        editor = await typing(pilot)
        paste(pilot, piece * (TEXT // len(piece)))
        await until(pilot, lambda: len(editor.text) > HIGHLIGHTED)
        await pilot.press("y", "backspace", "ctrl+z", "ctrl+y")
        await at_rest(pilot)
        assert max(parsed) <= HIGHLIGHTED


async def test_a_text_that_is_short_again_has_its_colours_and_its_cursor(parsed):
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        editor = await typing(pilot)
        area = app.focused
        paste(pilot, "x" * (HIGHLIGHTED + 1))
        await until(pilot, lambda: area.language is None)
        await pilot.press("backspace", "y")
        await until(pilot, lambda: editor.text.endswith("xy"))
        assert area.cursor_location == (0, HIGHLIGHTED + 1)
        area.clear()
        paste(pilot, "select 1")
        await until(pilot, lambda: editor.text == "select 1")
        assert area.language == "sql"
        await pilot.press("!")
        assert editor.text == "select 1!"
        assert parsed[-1] == len("select 1!")


async def test_a_paste_that_is_longer_than_a_query_is_refused_with_another_way():
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        editor = await typing(pilot)
        paste(pilot, "x" * 40_000)
        await until(pilot, lambda: len(editor.text) == 40_000)
        paste(pilot, "y" * 40_000)
        await until(pilot, lambda: "40,000 characters are more than the editor takes" in told(app))
        assert "y" not in editor.text
        paste(pilot, "z" * (KEPT + 1))
        await pilot.press("end")
        await at_rest(pilot)
        assert len(editor.text) == 40_000


async def test_the_word_before_the_cursor_is_looked_for_only_near_it(monkeypatch):
    looked = []

    class Spy:
        def search(self, text):
            looked.append(len(text))

    app = make_app(FakeArena())
    async with drive(app) as pilot:
        await typing(pilot)
        monkeypatch.setattr(sqleditor, "_WORD", Spy())
        paste(pilot, "x" * 40_000 + " ")
        await until(pilot, lambda: len(looked) > 0)
        assert max(looked) <= 200


# ---------------------------------------------------------------------------- behind a real terminal


def test_behind_a_terminal_a_hostile_paste_presses_nothing(tmp_path):
    terminal = Terminal(tmp_path / "home")
    try:
        terminal.until("enter runs the 1,160")
        terminal.child.send(f"{START}\x1bq\r\x1b[13u\x1b{'q' * 60}\x1b[B\r{END}")
        terminal.child.send("/")
        terminal.until("!not")
        terminal.child.send(f"{START}mini\x1b[2J\x1b]0;evil\x07{END}")
        terminal.until("mini[2J]0;evil")
        assert b"\x1b]0;evil" not in terminal.raw
        terminal.child.send("\r\x11")
        assert terminal.leave() == 0
    finally:
        terminal.child.close(force=True)


def test_behind_a_terminal_bytes_that_are_no_text_end_nothing(tmp_path):
    terminal = Terminal(tmp_path / "home")
    try:
        terminal.until("enter runs the 1,160")
        terminal.child.send(b"\xe9\xff/")
        terminal.until("!not")
        terminal.child.send(START.encode() + b"caf\xe9 " * 1000 + END.encode() + b"mi\xffni")
        terminal.until("mi�ni")
        terminal.child.send("\r\x11")
        assert terminal.leave() == 0
        assert b"Traceback" not in terminal.raw
    finally:
        terminal.child.close(force=True)


@pytest.mark.parametrize("text", ["select 1", "x" * 90_000], ids=["short", "long"])
async def test_where_nothing_takes_text_a_paste_is_told(text):
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        await at_rest(pilot)
        paste(pilot, text)
        await until(pilot, lambda: "Nothing here takes text, so nothing was pasted." in told(app))
