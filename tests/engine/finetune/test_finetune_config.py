from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from engine.catalog.presets import PRESETS, relevant_axes
from engine.catalog.protocols import PROTOCOLS
from engine.finetune import FinetuneConfig, sweep_overrides
from engine.plan.sweep import FACTORS
from store.errors import UsageError

PAPER = relevant_axes(PRESETS["paper"], "finetune")
CORRECTED = relevant_axes(PRESETS["corrected"], "finetune")


def test_the_paper_preset_is_the_default_config() -> None:
    assert FinetuneConfig.from_params("finetune", PROTOCOLS["finetune"].params, PAPER) == FinetuneConfig()


def test_the_corrected_preset_changes_tokens_head_schedule_and_prefix() -> None:
    config = FinetuneConfig.from_params("finetune", PROTOCOLS["finetune"].params, CORRECTED, "query: ")
    assert (config.max_tokens, config.head, config.schedule) == (512, "native", "plateau")
    assert config.prefix == "query: "


def test_a_prefix_is_used_only_if_the_axis_asks_for_the_cards() -> None:
    assert FinetuneConfig.from_params("finetune", {}, {"prefix": "none"}, "query: ").prefix == ""


@pytest.mark.parametrize("protocol", ["linear-probe", "lora"])
def test_each_protocol_has_its_method_and_reads_what_the_model_was_trained_to_give(protocol: str) -> None:
    axes = relevant_axes(PRESETS["paper"], PROTOCOLS[protocol].axes)
    assert "finetune_head" not in axes
    assert axes["pooling"] == "card"
    config = FinetuneConfig.from_params(protocol, PROTOCOLS[protocol].params, axes)
    assert (config.method, config.head, config.pooling, config.normalize) == (
        protocol,
        "native",
        None,
        None,
    )
    forced = FinetuneConfig.from_params(protocol, {}, axes, pooling="cls", normalize=True)
    assert (forced.pooling, forced.normalize) == ("cls", True)
    assert config.learning_rate == PROTOCOLS[protocol].params["learning_rate"]


def test_numbers_may_come_as_text_or_whole_floats() -> None:
    config = FinetuneConfig.from_params("finetune", {"epochs": "2", "stage2_epochs": 1.0}, {})
    assert (config.epochs, config.stage2_epochs) == (2, 1)
    assert isinstance(config.stage2_epochs, int)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"epoch": 3}, "epochs"),
        ({"epochs": "many"}, "whole number"),
        ({"epochs": 1.5}, "whole number"),
        ({"epochs": 0}, "at least 1"),
        ({"warmup": 1.0}, "below 1"),
        ({"dropout": -0.1}, "from 0"),
        ({"learning_rate": "nan"}, "a number"),
        ({"zzzz": 1}, "Known: "),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(params: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        FinetuneConfig.from_params("finetune", params, {})
    assert next(iter(params)) in str(caught.value)
    assert said in str(caught.value)


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(UsageError, match="lr-cv"):
        FinetuneConfig.from_params("lr-cv", {}, {})


def test_one_factor_at_a_time_has_the_papers_21_configurations() -> None:
    base = PROTOCOLS["finetune"].params
    overrides = sweep_overrides(base)
    assert len(overrides) == 21
    assert overrides[0] == {}
    assert all(len(override) == 1 for override in overrides[1:])
    assert {frozenset({**base, **override}.items()) for override in overrides} == {
        frozenset({**base, name: value}.items()) for name, values in FACTORS.items() for value in values
    }


def test_a_grid_has_every_combination_once() -> None:
    base = PROTOCOLS["finetune"].params
    overrides = sweep_overrides(base, ["learning_rate", "epochs"], grid=True)
    assert len(overrides) == len({frozenset(item.items()) for item in overrides}) == 25
    assert {"learning_rate": 1e-4, "epochs": 5} in overrides
    assert len(sweep_overrides(base, grid=True)) == 5**5


def test_an_unknown_factor_is_refused() -> None:
    with pytest.raises(UsageError, match="momentum"):
        sweep_overrides({}, ["momentum"])


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, engine.finetune; print(*{'torch', 'transformers', 'numpy'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == ""
