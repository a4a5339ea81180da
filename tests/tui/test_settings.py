from __future__ import annotations

import pytest
from fake_arena import FakeArena, at_rest, drive, make_app, screen_text, until

from store.errors import UsageError
from tui.settings import Settings, read_settings


@pytest.fixture
def config(tmp_path):
    def write(text: str):
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return write


def test_without_a_file_there_are_defaults(tmp_path):
    assert read_settings(tmp_path / "config.toml") == Settings()


def test_what_the_user_set_is_read_and_other_tables_are_left_alone(config):
    path = config(
        '[ui]\ntheme = "nord"\nmouse = false\n[keymap]\n"quit" = "ctrl+x"\n[[models]]\nname = "x"\n'
    )
    assert read_settings(path) == Settings("nord", False, "auto", {"quit": "ctrl+x"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[ui", "cannot be read as TOML"),
        ("ui = 3", "ui has to be a table"),
        ('[ui]\nthem = "nord"', "Did you mean 'theme'?"),
        ("[ui]\ntheme = 3", "theme cannot be 3"),
        ('[ui]\nclipboard = "x11"', "clipboard cannot be 'x11'"),
        ("[keymap]\nquit = 3", "quit has to be a text of keys"),
        ("[keymap]\nquit = ' '", "quit has to be a text of keys"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_file(config, text, sentence):
    path = config(text)
    with pytest.raises(UsageError) as error:
        read_settings(path)
    assert sentence in str(error.value)
    assert str(path) in str(error.value)


async def test_a_remapped_key_works_and_is_what_the_screen_says():
    arena = FakeArena()
    app = make_app(arena, settings=Settings(theme="nord", keymap={"plan.launch": "ctrl+g"}))
    async with drive(app) as pilot:
        assert app.theme == "nord"
        await until(pilot, lambda: "ctrl+g Run" in screen_text(app))
        await until(pilot, lambda: "80 to run" in screen_text(app))
        await pilot.press("enter")
        await at_rest(pilot)
        assert arena.launched == []
        await pilot.press("ctrl+g")
        await until(pilot, lambda: bool(arena.launched))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (Settings(theme="nerd"), "Did you mean 'nord'?"),
        (Settings(keymap={"plan.lunch": "x"}), "Did you mean 'plan.launch'?"),
    ],
)
def test_a_theme_or_binding_that_does_not_exist_is_refused(settings, sentence):
    with pytest.raises(UsageError) as error:
        make_app(FakeArena(), settings=settings)
    assert sentence in str(error.value)
