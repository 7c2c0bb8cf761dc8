"""Vocabulary seeds are read strictly."""

from pathlib import Path

import pytest

from marketplace.programmes.loader import LoadFailed
from marketplace.programmes.vocabulary import Term, codes, load


def test_terms(tmp_path: Path) -> None:
    (tmp_path / "segments.yml").write_text(
        "kind: segment\nterms:\n"
        '  - {code: "3702", name: 青岛, short_name: 青, aliases: [岛城], data: {sea: true}}\n'
        "  - {code: b, name: 乙}\n",
        encoding="utf-8",
    )
    found = load(tmp_path)
    assert [word.kind for word in found] == ["segment"]
    assert found[0].terms == (
        Term(code="3702", name="青岛", short_name="青", aliases=("岛城",), data={"sea": True}),
        Term(code="b", name="乙"),
    )
    assert codes(found, "segment") == {"3702", "b"}
    assert codes(found, "scene") == frozenset()


def test_all_faults_of_all_files_are_told(tmp_path: Path) -> None:
    texts = {
        "a.yml": "kind: segment\nterms:\n  - {code: 3702, name: 青岛}\n",
        "b.yml": "kind: scene\nterms:\n  - {code: x, name: 甲}\n  - {code: x, name: 乙}\n",
        "c.yml": "kind: [\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(LoadFailed) as refusal:
        load(tmp_path)
    found = [(Path(f.file).name, f.line, f.message[:11]) for f in refusal.value.findings]
    assert found == [
        ("a.yml", 3, "这里应是文字，现为“3"),
        ("b.yml", 4, "代码“x”重复"),
        ("c.yml", 2, "不是合法的 YAML："),
    ]
