"""Whatever is typed behind a flag, the answer is a plan or one sentence; never something unforeseen."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

FLAGS = {
    "run": (
        "--models", "--tasks", "--protocols", "--scheme", "--seeds", "--preset", "--axis", "--text",
        "--descriptions", "--precision", "--device", "--workers", "--threads", "--epochs",
        "--stage2-epochs", "--param",
    ),
    "export": (
        "--format", "--models", "--tasks", "--protocols", "--scheme", "--seeds", "--preset", "--axis",
        "--text",
    ),
    "rank": ("--protocol", "--preset", "--text", "--format"),
    "tasks": ("--preset", "--text", "--descriptions"),
}  # fmt: skip
CASES = [(name, flag) for name, flags in FLAGS.items() for flag in flags]
# fmt: off
WORDS = st.sampled_from(
    [
        "epochs=", "seed=1", "trees=1,none,x", "C=nan", "C=inf", "labels=raw", "=x", "a=b=c", "hf:a/b@c",
        "hf:", "hf:x/y@../..", "template:{", "template:{symbol}{x}", "template:{0.__class__}", "..", "/",
        "~", "1-2-3", "41-", "٣", "1e3", "+1", "task1,task1", ",", "-", "--", "@",
    ]
)
# fmt: on
VALUES = st.one_of(st.text(st.characters(exclude_characters="\0"), max_size=30), WORDS)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(case=st.sampled_from(CASES), value=VALUES)
@example(case=("run", "--models"), value="\0")
@example(case=("run", "--descriptions"), value="/")
@example(case=("run", "--models"), value="~0")
@example(case=("run", "--tasks"), value="~0/x")
@example(case=("tasks", "--descriptions"), value="~0")
def test_any_value_of_any_flag_gives_a_plan_or_one_sentence(filled, call, case, value):
    command, flag = case
    rest = {"run": ["--dry-run"], "export": ["splits"], "tasks": ["task1"], "rank": []}[command]
    result = call(command, *rest, f"{flag}={value}")
    assert result.exit_code in (0, 2), (case, value, result.stderr)
    if result.exit_code:
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith("error: ")
    assert "\x1b" not in result.stderr


@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(text=st.text(st.characters(codec="utf-8"), max_size=200))
@example(text="models = 1")
@example(text="[[models]]\nname = 'x'\nsource = 3\n")
@example(text="[[models]]\nname = '\\u001b'\nsource = '/'\n")
@example(text="[models]\nname = 'x'\n")
def test_any_config_file_gives_a_list_or_one_sentence(call, home, text):
    home.create()
    home.config_file.write_bytes(text.encode())
    result = call("models", "--json")
    assert result.exit_code in (0, 2), result.stderr


@pytest.mark.parametrize("query", ["select '\x1b[31m'", "select chr(27) || ']0;x'"])
def test_what_a_query_makes_up_is_escaped(filled, call, query):
    assert "\x1b" not in call("sql", query, color=True).stdout
