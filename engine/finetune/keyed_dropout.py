"""Dropout whose masks are a function of where they act: (seed, stage, step, site, position).

A generator's masks depend on what was drawn before, so on the other splits of a stack, on how often a
recording rehearsed and on where a run was resumed. These depend on nothing but the key of the step,

    key  = mix(mix(mix(seed + G) ^ (stage + 1)) ^ (step + C))       all modulo 2**64
    word = mix(key + i * G)

and the number `i` of a word of 64 bits, which holds the fates of four neighbours in the last
dimension. `mix` is the finaliser of splitmix64 and `G` its increment; an element is kept if its 16
bits, read as a signed number, are at least -32768 + round(65536 p). `i` tells the position in bits:

    site 10 | slot 12 | head 8 | row 17 | word 17

Site: which dropout of the forward pass, in the order in which they act. Slot: the text's place in the
batch. Row: its token. Head and row: of attention's probabilities, head and query. So a mask is cut
from one pattern that knows no batch size, no width and no number of copies, and all splits of a task
share it at a step, as the paper's ten runs with one seed did.

With 24 layers of 16 heads and 512 tokens nothing comes near these limits; beyond them positions
would only begin to share their fates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

_GOLDEN: Final = 0x9E3779B97F4A7C15
_STEP: Final = 0xD1B54A32D192ED03
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB
_MASK: Final = (1 << 64) - 1
_SITE, _SLOT, _HEAD, _ROW = 54, 42, 34, 17
"""Lowest bit of each part of a word's number."""
_LANES: Final = 4
"""Elements to a word."""
LEVELS: Final = 1 << 16
"""Shares that can be told apart by an element's 16 bits."""


def step_key(seed: int, stage: int, step: int) -> int:
    """The key of one optimiser step, a signed 64-bit number.

    Args:
        seed: of the run.
        stage: 1 or 2.
        step: steps taken in this stage before this one.
    """
    return _signed(_mix(_mix(_mix(seed + _GOLDEN) ^ (stage + 1)) ^ (step + _STEP)))


def kept(key: Tensor, site: int, shape: Sequence[int], share: float, first: int = 0) -> Tensor:
    """Which elements stay, bool [*shape].

    Args:
        key: int64 [], from `step_key`; the mask is made on its device.
        site: which dropout of the forward pass, from 0.
        shape: [slots, d], [slots, rows, d] or [slots, heads, rows, d].
        share: the probability of being dropped, effective in steps of 1 / 65536.
        first: slot of the first text, where a batch is worked on in parts.
    """
    slots, *inner = shape[:-1]
    rows = inner.pop() if inner else 1
    words = -(-shape[-1] // _LANES)
    places = key + _signed(((site << _SITE) + (first << _SLOT)) * _GOLDEN)
    for count, bit in ((slots, _SLOT), (math.prod(inner), _HEAD), (rows, _ROW), (words, 0)):
        steps = torch.arange(count, device=key.device) * _signed(_GOLDEN << bit)
        places = places.unsqueeze(-1) + steps
    bits = mixed(places).view(torch.int16)
    return (bits >= levels(share) - LEVELS // 2)[..., : shape[-1]].reshape(tuple(shape))


def levels(share: float) -> int:
    """How many of an element's `LEVELS` drop it; never all, since what is left is scaled up."""
    return min(round(LEVELS * share), LEVELS - 1)


def mixed(state: Tensor) -> Tensor:
    """The finaliser of splitmix64 on int64 [...], in place; int64's shifts are arithmetic, so masked."""
    state.bitwise_xor_((state >> 30).bitwise_and_((1 << 34) - 1)).mul_(_signed(_FIRST))
    state.bitwise_xor_((state >> 27).bitwise_and_((1 << 37) - 1)).mul_(_signed(_SECOND))
    return state.bitwise_xor_((state >> 31).bitwise_and_((1 << 33) - 1))


def _mix(state: int) -> int:
    state &= _MASK
    state = (state ^ (state >> 30)) * _FIRST & _MASK
    state = (state ^ (state >> 27)) * _SECOND & _MASK
    return state ^ (state >> 31)


def _signed(number: int) -> int:
    """The int64 with the same bits modulo 2**64."""
    return ((number + (1 << 63)) & _MASK) - (1 << 63)
