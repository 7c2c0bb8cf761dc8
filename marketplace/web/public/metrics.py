"""Before → after figures of a case as the chart components take them."""

from collections.abc import Mapping, Sequence
from typing import Any

from marketplace.services.vocabulary import Vocabulary


def metrics(rows: Sequence[Mapping[str, Any]], words: Vocabulary) -> list[dict[str, Any]]:
    """Each figure with its change in words, and whether the change is for the better."""
    return [_metric(row, words) for row in rows]


def _metric(row: Mapping[str, Any], words: Vocabulary) -> dict[str, Any]:
    code = str(row["metric"])
    word = words.get("outcome_metric", code)
    before, after = float(row["before"]), float(row["after"])
    lower_is_better = word is not None and word.data.get("direction") == "down"
    return {
        "name": word.name if word else code,
        "before": _plain(before),
        "after": _plain(after),
        "unit": row["unit"],
        "change": _change(before, after, str(row["unit"])),
        "good": after <= before if lower_is_better else after >= before,
        "measured_by": row.get("measured_by", ""),
        "period": row.get("period", ""),
    }


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
