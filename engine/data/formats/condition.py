"""Conditions on columns of numbers, as `padj < 0.05 and abs(log2FoldChange) > 1`: read, never run as code.

A comparison with a missing number is neither true nor false, and so is what depends on it (Kleene's
logic, as SQL has it).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Final

from store.errors import UsageError

Numbers = Callable[[int], float | None]
"""Column -> its number in one row; None if it is missing."""
Value = Callable[[Numbers], float | None]
"""What a column or a number is in one row."""
Condition = Callable[[Numbers], bool | None]
"""Whether it holds in one row; None if that is not known."""

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))|(?P<sign><=|>=|==|!=|<|>|=|\(|\))"
    r"|`(?P<ticked>[^`]+)`|\"(?P<quoted>[^\"]+)\"|(?P<name>[^\W\d][\w.%]*))"
)
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
}
_WORDS: Final = frozenset({"and", "or", "not", "between", "abs"})
_HINT: Final = "Write it like: padj < 0.05 and abs(log2FoldChange) > 1. Odd names go between backticks."
_DEEPEST: Final = 50
"""Brackets within brackets."""


def parse(text: str, column: Callable[[str], int]) -> Condition:
    """The condition that `text` writes down.

    Args:
        text: Comparisons with `<`, `<=`, `>`, `>=`, `=`, `!=` or `between A and B`, joined by `and`, `or`,
            `not` and brackets.
        column: The place of a column of that name; raises if there is none.

    Raises:
        UsageError: it cannot be read, or what `column` raises.
    """
    parser = _Parser(text, column)
    condition = parser.either()
    if parser.more():
        raise parser.wrong()
    return condition


def cuts(text: str) -> list[tuple[str, float]]:
    """(column, number) of each comparison of a condition that can be read, to be marked in a picture."""
    found: list[tuple[str, float]] = []
    column, numbers, between = "", list[float](), False
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[match.lastgroup or 0].strip()
        word = token.casefold() if kind == "name" else ""
        if kind == "number":
            numbers.append(float(token))
        elif word == "and" and between:
            between = False
        elif word in ("and", "or"):
            column, numbers = "", []
        elif kind in ("ticked", "quoted") or (word and word not in _WORDS):
            column = token
        between = between or word == "between"
        if column:
            found += [(column, number) for number in numbers]
            numbers = []
    return found


class _Parser:
    """Reads a condition from left to right, a method for each kind of part."""

    def __init__(self, text: str, column: Callable[[str], int]) -> None:
        self._text = text
        self._column = column
        self._tokens: list[tuple[str, str]] = []
        self._place = 0
        self._depth = 0
        end = 0
        while end < len(text.rstrip()):
            found = _TOKEN.match(text, end)
            if found is None or found.lastgroup is None:
                raise self.wrong(text[end:].strip())
            kind, token = found.lastgroup, found[found.lastgroup]
            if kind == "name" and token.casefold() in _WORDS:
                kind, token = "word", token.casefold()
            self._tokens.append(("column" if kind in ("name", "ticked", "quoted") else kind, token))
            end = found.end()

    def wrong(self, at: str = "") -> UsageError:
        """The error of what cannot be read here."""
        at = at or (self._tokens[self._place][1] if self.more() else "its end")
        return UsageError(f"The condition {self._text.strip()!r} cannot be read at {at[:40]}.", _HINT)

    def more(self) -> bool:
        """Whether there is something left."""
        return self._place < len(self._tokens)

    def _take(self, *tokens: str) -> str:
        """The next token, if it is a sign or word among these; else empty."""
        if self.more():
            kind, token = self._tokens[self._place]
            if kind in ("sign", "word") and token in tokens:
                self._place += 1
                return token
        return ""

    def _need(self, token: str) -> None:
        if not self._take(token):
            raise self.wrong()

    def either(self) -> Condition:
        """Parts joined by `or`."""
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda row: _any([part(row) for part in parts])

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda row: _every([part(row) for part in parts])

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.wrong()
        try:
            if self._take("not"):
                part = self._one()
                return lambda row: _opposite(part(row))
            if self._take("("):
                inner = self.either()
                self._need(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Condition:
        left = self._value()
        if self._take("between"):
            low = self._value()
            self._need("and")
            high = self._value()
            return _compared([low, left, high], [operator.le, operator.le])
        values, signs = [left], []
        while sign := self._take(*_COMPARE):
            signs.append(_COMPARE[sign])
            values.append(self._value())
        if not signs:
            raise self.wrong()
        return _compared(values, signs)

    def _value(self) -> Value:
        if self._take("abs"):
            self._need("(")
            inner = self._value()
            self._need(")")
            return lambda row: None if (value := inner(row)) is None else abs(value)
        if not self.more():
            raise self.wrong()
        kind, token = self._tokens[self._place]
        if kind not in ("number", "column"):
            raise self.wrong()
        self._place += 1
        if kind == "number":
            number = float(token)
            return lambda _: number
        place = self._column(token)
        return lambda row: row(place)


def _compared(values: Sequence[Value], signs: Sequence[Callable[[float, float], bool]]) -> Condition:
    if len(values) == 2:  # nearly all are, and it takes a third of the time
        (left, right), (sign,) = values, signs

        def pair(row: Numbers) -> bool | None:
            one, other = left(row), right(row)
            return None if one is None or other is None else sign(one, other)

        return pair

    def holds(row: Numbers) -> bool | None:
        found = [value(row) for value in values]
        pairs = zip(found, signs, found[1:], strict=False)
        return _every([None if a is None or b is None else sign(a, b) for a, sign, b in pairs])

    return holds


def _every(parts: Sequence[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _any(parts: Sequence[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


def _opposite(part: bool | None) -> bool | None:
    return None if part is None else not part
