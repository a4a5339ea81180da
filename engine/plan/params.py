"""A protocol's parameters, as set by a user: checked, typed, and told apart from the defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.catalog.protocols import CHOICES, LIMITS, PROTOCOLS, Protocol
from store.errors import UsageError, unknown


def protocol_with(name: str, params: Mapping[str, Any]) -> Protocol:
    """The protocol of that name with those of `params` that it has.

    Raises:
        UsageError: no such protocol, or a value that it cannot have.
    """
    if name not in PROTOCOLS:
        raise UsageError(*unknown("protocol", name, PROTOCOLS))
    protocol = PROTOCOLS[name]
    mine = {key: _like(protocol.params[key], key, params[key]) for key in params if key in protocol.params}
    return replace(protocol, params={**protocol.params, **mine})


def overridden(protocol: Protocol) -> list[str]:
    """The parameters that are not the protocol's own, so that they rank in a table of their own."""
    own = PROTOCOLS[protocol.name].params
    return [
        f"{name}={','.join(map(str, value)) if isinstance(value, tuple) else value}"
        for name, value in protocol.params.items()
        if value != own[name]
    ]


def _like(default: Any, name: str, value: Any) -> Any:
    """`value` as the kind of thing `default` is."""
    if isinstance(default, tuple):
        items = value if isinstance(value, list | tuple) else str(value).split(",")
        sample = next(item for item in default if item is not None)
        return tuple(
            None if item in (None, "none", "None") else _like(sample, name, item) for item in items
        )
    try:
        typed = type(default)(value)
    except (TypeError, ValueError) as error:
        raise _out_of_range(name, value) from error
    if isinstance(typed, str):
        allowed = typed in CHOICES[name]
    else:
        low, high = LIMITS[name]
        allowed = low <= typed <= high
    if not allowed:
        raise _out_of_range(name, value)
    return typed


def _out_of_range(name: str, value: Any) -> UsageError:
    if name in CHOICES:
        hint = f"It takes one of: {', '.join(CHOICES[name])}."
    else:
        low, high = LIMITS[name]
        hint = f"It takes numbers from {low:.10g} to {high:.10g}."
    return UsageError(f"Parameter {name} cannot be {value!r}.", hint)


def check_params(params: Mapping[str, Any], protocols: Sequence[Protocol]) -> None:
    """Refuse a parameter that none of `protocols` has.

    Raises:
        UsageError: there is one.
    """
    known = sorted({name for protocol in protocols for name in protocol.params})
    for name in params:
        if name not in known:
            raise UsageError(*unknown("parameter of the chosen protocols", name, known))
