"""Masks against plain integers, against binomials, and against everything they must not depend on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch

from engine.finetune.keyed_dropout import kept, step_key
from engine.finetune.masks import KeyedDropout, Masks

WHOLE = 1 << 64
GOLDEN = 0x9E3779B97F4A7C15
KEY = step_key(42, 1, 0)


def mix(state: int) -> int:
    """splitmix64 without its increment, as its author wrote it."""
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % WHOLE
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB % WHOLE
    return state ^ (state >> 31)


def key_of(seed: int, stage: int, step: int) -> int:
    key = mix((seed + GOLDEN) % WHOLE)
    key = mix(key ^ (stage + 1))
    return mix(key ^ ((step + 0xD1B54A32D192ED03) % WHOLE))


def word(key: int, site: int, slot: int, head: int, row: int, column: int) -> int:
    number = (site << 54) + (slot << 42) + (head << 34) + (row << 17) + column // 4
    return mix((key + number * GOLDEN) % WHOLE)


def stays(key: int, place: Sequence[int], share: float) -> bool:
    bits = word(key, *place) >> 16 * (place[-1] % 4) & 0xFFFF
    return (bits - 65536 if bits >= 32768 else bits) >= -32768 + round(65536 * share)


def tensor(key: int) -> torch.Tensor:
    return torch.tensor(key)


# ------------------------------------------------------------------------------ the very bits


def test_the_reference_is_splitmix64() -> None:
    stream = [mix(1234567 + count * GOLDEN & WHOLE - 1) for count in range(1, 4)]
    assert stream == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize("place", [(42, 1, 0), (42, 1, 1), (42, 2, 0), (0, 1, 0), (2**32 - 1, 2, 12345)])
def test_keys_are_those_of_plain_integers(place: tuple[int, int, int]) -> None:
    assert step_key(*place) % WHOLE == key_of(*place)


def test_keys_and_words_are_what_they_were() -> None:
    assert [step_key(42, 1, 0), step_key(42, 1, 1), step_key(42, 2, 0)] == PINNED_KEYS
    words = [word(KEY % WHOLE, *place) for place in ((0, 0, 0, 0, 0), (1, 2, 3, 4, 5), (19, 7, 0, 0, 383))]
    assert words == PINNED_WORDS


PINNED_KEYS = [8830203853202178889, 3143665006617150660, 2974742176374192781]
PINNED_WORDS = [10652953126944904491, 7198174624234217772, 2494375412716790377]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_masks_are_those_of_plain_integers(share: float) -> None:
    mask = kept(tensor(KEY), 3, (3, 2, 5, 7), share)
    for slot, head, row, column in torch.cartesian_prod(*(torch.arange(n) for n in mask.shape)).tolist():
        place = (3, slot, head, row, column)
        assert bool(mask[slot, head, row, column]) == stays(KEY % WHOLE, place, share)


def test_masks_are_what_they_were() -> None:
    mask = kept(tensor(KEY), 0, (2, 32), 0.5).int()
    assert ["".join(map(str, row)) for row in mask.tolist()] == PINNED_MASK


PINNED_MASK = ["11000111001101010101011000011101", "01111111001010101111011111111110"]


# ------------------------------------------------------------------------------ what does not matter


def test_a_narrower_batch_gets_the_same_bits() -> None:
    states, shares = kept(tensor(KEY), 0, (8, 40, 16), 0.1), kept(tensor(KEY), 1, (8, 2, 40, 40), 0.1)
    for width in (1, 13, 39):
        assert torch.equal(kept(tensor(KEY), 0, (8, width, 16), 0.1), states[:, :width])
        assert torch.equal(kept(tensor(KEY), 1, (8, 2, width, width), 0.1), shares[:, :, :width, :width])


def test_a_batch_in_parts_gets_the_same_bits() -> None:
    whole = kept(tensor(KEY), 2, (8, 5, 16), 0.1)
    parts = [kept(tensor(KEY), 2, (size, 5, 16), 0.1, first) for first, size in ((0, 3), (3, 1), (4, 4))]
    assert torch.equal(torch.cat(parts), whole)


def test_all_copies_get_the_same_bits() -> None:
    once = Masks(tensor(KEY)).drop(torch.ones(8, 5, 16), 0.1)
    thrice = Masks(tensor(KEY)).drop(torch.ones(3, 40, 16), 0.1, (8, 5, 16))
    assert all(torch.equal(copy, once.flatten(0, 1)) for copy in thrice)


def test_the_number_of_threads_changes_no_bit() -> None:
    masks = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        masks.append(kept(tensor(KEY), 0, (8, 4, 128, 128), 0.1))
    assert torch.equal(*masks)


def test_the_order_of_steps_and_other_draws_change_no_bit() -> None:
    first = kept(tensor(KEY), 0, (8, 16), 0.1)
    kept(tensor(step_key(42, 1, 1)), 0, (8, 16), 0.1)
    torch.rand(5)
    state = torch.random.get_rng_state()
    assert torch.equal(kept(tensor(KEY), 0, (8, 16), 0.1), first)
    assert torch.equal(torch.random.get_rng_state(), state)


# ------------------------------------------------------------------------------ chance


def standardised(mask: torch.Tensor, share: float) -> torch.Tensor:
    return (mask.double() - (1 - share)) / (share * (1 - share)) ** 0.5


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_share_that_stays_is_a_binomials(share: float) -> None:
    effective = round(65536 * share) / 65536
    masks = standardised(kept(tensor(KEY), 0, (8, 128, 384), share), effective)
    assert abs(float(masks.sum())) / masks.numel() ** 0.5 < 4
    for dim in range(3):
        spread = masks.transpose(0, dim).flatten(1).sum(1) / (masks.numel() / masks.shape[dim]) ** 0.5
        assert float(spread.abs().max()) < 4.5
        assert abs(float(spread.square().mean()) - 1) / (2 / len(spread)) ** 0.5 < 4


def pairs() -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    shape = (8, 128, 384)
    here = kept(tensor(KEY), 1, shape, 0.1)
    for place in ((42, 1, 1), (42, 1, 2), (42, 2, 0), (43, 1, 0), (41, 1, 1)):
        yield str(place), here, kept(tensor(step_key(*place)), 1, shape, 0.1)
    for site in (0, 2, 3):
        yield f"site {site}", here, kept(tensor(KEY), site, shape, 0.1)
    for dim in range(3):
        for lag in (1, 2, 3, 4):
            length = shape[dim] - lag
            yield f"lag {lag} in {dim}", here.narrow(dim, 0, length), here.narrow(dim, lag, length)


def test_masks_of_other_steps_sites_and_places_are_not_correlated() -> None:
    for name, one, other in pairs():
        product = standardised(one, 0.1) * standardised(other, 0.1)
        assert abs(float(product.sum())) / product.numel() ** 0.5 < 4, name


# ------------------------------------------------------------------------------ dropout


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_stays_is_scaled_so_that_the_mean_stays(dtype: torch.dtype) -> None:
    values = torch.full((8, 128, 384), 3.0, dtype=dtype)
    dropped = Masks(tensor(KEY)).drop(values, 0.1)
    assert dropped.dtype == dtype
    mask = kept(tensor(KEY), 0, values.shape, 0.1)
    assert torch.equal(dropped != 0, mask)
    torch.testing.assert_close(dropped[mask].unique(), torch.tensor([3 / (1 - 6554 / 65536)], dtype=dtype))


def test_a_share_next_to_1_leaves_something_to_scale() -> None:
    assert Masks(tensor(KEY)).drop(torch.ones(8, 128, 384), 0.9999999).unique().tolist() == [0, 65536]


def test_every_dropout_of_a_model_is_another_site() -> None:
    layers = torch.nn.Sequential(torch.nn.Dropout(0.1), torch.nn.Dropout(0.0), torch.nn.Dropout(0.1))
    with KeyedDropout(Masks(tensor(KEY))):
        dropped = layers(torch.ones(8, 16))
    assert torch.equal(
        dropped != 0, kept(tensor(KEY), 0, (8, 16), 0.1) & kept(tensor(KEY), 2, (8, 16), 0.1)
    )


def test_a_model_that_is_evaluated_drops_nothing() -> None:
    with KeyedDropout(Masks(tensor(KEY))):
        assert torch.equal(torch.nn.Dropout(0.5).eval()(torch.ones(8, 16)), torch.ones(8, 16))


ATTENDED = torch.arange(6) < torch.tensor([[6], [4], [1]])
ASKED: list[dict[str, Any]] = [
    {},
    {"is_causal": True},
    {"enable_gqa": True},
    {"scale": 0.4},
    {"attn_mask": ATTENDED[:, None, None, :]},
    {"attn_mask": torch.zeros(3, 4, 6, 6).masked_fill(~ATTENDED[:, None, None, :], float("-inf"))},
]


@pytest.mark.parametrize("options", ASKED)
def test_fused_attention_is_met_too(options: dict[str, Any]) -> None:
    fused = torch.nn.functional.scaled_dot_product_attention
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(3, 4, 6, 8, generator=generator)
    heads = 2 if "enable_gqa" in options else 4
    key, value = torch.randn(2, 3, heads, 6, 8, generator=generator)
    with KeyedDropout(Masks(tensor(KEY))):
        nearly_none = fused(query, key, value, dropout_p=1e-9, **options)
        dropped = fused(query, key, value, dropout_p=0.5, **options)
    exact = fused(query, key, value, **options)
    torch.testing.assert_close(nearly_none, exact)
    assert not torch.allclose(dropped, exact, atol=0.1)


def test_a_text_that_may_look_at_nothing_does_not_become_nan() -> None:
    states = torch.ones(1, 1, 2, 4)
    with KeyedDropout(Masks(tensor(KEY))):
        attended = torch.zeros(1, 1, 2, 2, dtype=torch.bool)
        mixed = torch.nn.functional.scaled_dot_product_attention(states, states, states, attended, 0.1)
    assert mixed.isfinite().all()
