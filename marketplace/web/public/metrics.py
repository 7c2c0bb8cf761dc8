"""Before → after figures of a case as the chart components take them."""

from collections.abc import Mapping, Sequence
from typing import Any

from marketplace.services.searching.vocabulary import Vocabulary, Word


def metrics(rows: Sequence[Mapping[str, Any]], words: Vocabulary) -> list[dict[str, Any]]:
    """Each figure with its change in words; ``good`` is False where it is known to be worse."""
    return [_metric(row, words) for row in rows]


def _metric(row: Mapping[str, Any], words: Vocabulary) -> dict[str, Any]:
    word = _word(str(row["metric"]), words)
    before, after = float(row["before"]), float(row["after"])
    direction = str(word.data.get("direction", "")) if word else ""
    loss = {"up": before - after, "down": after - before}.get(direction, 0.0)
    return {
        "name": word.name if word else str(row["metric"]),
        "before": _plain(before),
        "after": _plain(after),
        "unit": row["unit"],
        "change": _change(before, after, str(row["unit"])),
        "good": loss <= 0,
        "measured_by": row.get("measured_by", ""),
        "period": row.get("period", ""),
    }


def _word(metric: str, words: Vocabulary) -> Word | None:
    """A metric of the picklist by code or name; providers may also write one of their own."""
    known = words.get("outcome_metric", metric)
    if known is not None:
        return known
    return next((w for w in words.options("outcome_metric") if w.name == metric), None)


def _change(before: float, after: float, unit: str) -> str:
    """Shares change by points, everything else in per cent of the value before."""
    if after == before:
        return "持平"
    verb = "提高" if after > before else "降低"
    if unit == "%":
        return f"{verb} {_plain(round(abs(after - before), 1))} 个百分点"
    if before == 0:
        return f"{verb} {_plain(abs(after))} {unit}"
    return f"{verb} {abs(after - before) / abs(before) * 100:.1f}%"


def _plain(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
