"""The texts read like real ones: long enough, none alike, nobody real named."""

import re
from collections import Counter
from itertools import combinations
from typing import Any

from tests.unit.demo.conftest import Rows

CASE_TEXTS = {
    "background": 90,
    "pains": 30,
    "solution": 85,
    "process_text": 90,
    "replicability": 30,
}
REAL = re.compile(
    "海尔|海信|卡奥斯|酷特|赛轮|双星|软控|特锐德|中车|四方股份|澳柯玛|浪潮|华为|用友|金蝶|格力|美的"
)
FILLER = re.compile(
    "TODO|待补充|示例文本|lorem|xxx|某某|\\{|\\}|。。|，，|、、|，。|；。", re.IGNORECASE
)
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def texts(row: dict[str, Any]) -> str:
    return "\n".join(row[name] for name in CASE_TEXTS)


def sentences(row: dict[str, Any]) -> set[str]:
    """Sentences with their figures masked: other dates alone do not make another text."""
    masked = re.sub(r"\d+(?:\.\d+)?", "#", texts(row))
    return {part for part in re.split(r"[。；\n]", masked) if part}


def test_no_two_cases_read_alike(data: dict[str, Rows]) -> None:
    """Far below the limit asked for, which is 60 % of the sentences."""
    found = [(row["title"], sentences(row)) for row in data["cases"]]
    alike = [
        (first, second)
        for (first, one), (second, other) in combinations(found, 2)
        if len(one & other) > 0.4 * min(len(one), len(other))
    ]
    assert alike == []


def test_no_wording_is_heard_too_often(data: dict[str, Rows]) -> None:
    heard = Counter(sentence for row in data["cases"] for sentence in sentences(row))
    assert heard.most_common(1)[0][1] <= len(data["cases"]) // 5


def test_pains_and_titles_are_never_repeated(data: dict[str, Rows]) -> None:
    for name in ("title", "pains", "background", "solution"):
        assert len({row[name] for row in data["cases"]}) == len(data["cases"])


def test_case_texts_are_long_enough(data: dict[str, Rows]) -> None:
    short = [
        (row["title"], name, len(row[name]))
        for row in data["cases"]
        for name, length in CASE_TEXTS.items()
        if len(row[name]) < length or not row[name].endswith("。")
    ]
    assert short == []
    assert [row["title"] for row in data["cases"] if not 10 <= len(row["title"]) <= 40] == []


def test_profiles_and_products_are_long_enough(data: dict[str, Rows]) -> None:
    providers = [row for row in data["organisations"] if row["kind"] == "provider"]
    assert [r["name"] for r in providers if not 120 <= len(r["intro"]) <= 300] == []
    assert [r["name"] for r in providers if len(r["strengths"]) < 3 or not r["website"]] == []
    assert len({row["intro"] for row in providers}) == len(providers)
    for row in data["products"]:
        assert 8 <= len(row["summary"]) <= 60
        assert len(row["description"]) >= 60
        assert len(row["modules_common"]) >= 5
        assert len(row["modules_custom"]) == 3
        assert row["prerequisites"] and row["after_sales"]
    for name in ("name", "summary", "description"):
        assert len({row[name] for row in data["products"]}) == len(data["products"])


def test_anonymous_clients_stay_anonymous(data: dict[str, Rows]) -> None:
    names = {row["name"] for row in data["organisations"] if row["kind"] == "enterprise"}
    hidden = [row for row in data["cases"] if row["client_anonymous"]]
    assert 10 <= len(hidden) <= 60
    for row in hidden:
        assert row["client_name"].startswith("某")
        assert not any(name in row["title"] + texts(row) for name in names)
    assert sum(not row["client_consent"] for row in data["cases"]) == 3


def test_nobody_real_and_no_filler(data: dict[str, Rows]) -> None:
    everything = repr(data)
    assert REAL.findall(everything) == []
    assert MOBILE.findall(everything) == []
    spoken = [value for rows in data.values() for row in rows for value in row.values()]
    assert [text for text in spoken if isinstance(text, str) and FILLER.search(text)] == []
    assert {row["website"] for row in data["organisations"]} - {""} == {
        row["website"] for row in data["organisations"] if row["website"].endswith(".example")
    }


def test_product_names_carry_a_version_and_no_price(data: dict[str, Rows]) -> None:
    for row in data["products"]:
        assert re.fullmatch(r"V\d+\.\d+", row["release"])
        assert not re.search(r"\d{3}|万元|最|第一", row["name"])
