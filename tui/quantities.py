"""Numbers as people read them: counts, sizes, durations, scores."""

from __future__ import annotations


def duration(seconds: float | None) -> str:
    """`0:05`, `12:41`, `3:04:05`, `5 days`; `-` if not known."""
    if seconds is None or seconds != seconds or seconds < 0:
        return "-"
    whole = round(seconds)
    if whole >= 172_800:
        return f"{whole // 86_400} days"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def roughly(seconds: float | None) -> str:
    """A duration as one would say it: `about 5 min`; empty if not known."""
    if seconds is None:
        return ""
    for size, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"about {seconds / size:.0f} {name}"
    return f"about {max(seconds, 1):.0f} s"


def auc(value: float | None) -> str:
    """A score with three decimals; `-` if missing.

    It is rounded from nine, as means are kept, so that one number reads the same everywhere.
    """
    if value is None or value != value:
        return "-"
    return f"{round(value, 9):.3f}"


def count(number: int | None, noun: str = "") -> str:
    """`1,280 units`, `1 unit`; the noun is given in the singular."""
    if number is None:
        return "-"
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def big(number: int | None) -> str:
    """A parameter count: `22.7M`, `7.1B`; `-` if not known."""
    if number is None:
        return "-"
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if number >= size:
            return f"{number / size:.1f}{letter}"
    return str(number)


def mebi(size: int | None) -> str:
    """Bytes as `87 MiB`, `1.4 GiB`; `-` if not known."""
    if size is None:
        return "-"
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{max(size >> 20, min(size, 1)):,} MiB"


def spelled(seconds: float | None) -> str:
    """A duration with its units: `2.1 s`, `12 s`, `1 m 12 s`, `3 h 5 m`, `5 days`; `-` if not known."""
    if seconds is None or seconds != seconds or seconds < 0:
        return "-"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60} s"
    if whole < 172_800:
        return f"{whole // 3600} h {whole % 3600 // 60} m"
    return f"{whole // 86_400} days"


def paced(rate: float) -> str:
    """Things a second, or a minute where they are few: `103/s`, `2.5/s`, `1.2/min`; empty if none."""
    if rate >= 0.05:
        return f"{rate:,.0f}/s" if rate >= 100 else f"{rate:.1f}/s"
    return f"{60 * rate:.1f}/min" if rate > 0 else ""
