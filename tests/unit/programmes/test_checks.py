"""Every check can fail: one spoilt line each, found with its line and an advice."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from marketplace.programmes import vocabulary
from marketplace.programmes.checks import check_all, problems
from marketplace.programmes.library import Bank, load, read_programme, read_questions
from marketplace.programmes.loader import LoadFailed, read_yaml
from marketplace.programmes.workflow_checks import Names
from tests.unit.programmes.conftest import CONFIG, EXTRA

TODAY = date(2024, 6, 1)
WORDS = (*vocabulary.load(CONFIG / "vocabulary"), *vocabulary.load(EXTRA / "vocabulary"))
VERBS = ("warn", "rectify", "suspend", "restore", "remove", "withdraw", "admit")
NAMES = Names(
    permissions={f"membership:{verb}" for verb in VERBS},
    guards={"not_banned"},
    effects={"release_place", "start_ban"},
    types=vocabulary.codes(WORDS, "provider_type"),
    segments=vocabulary.codes(WORDS, "segment"),
    exit_reasons=vocabulary.codes(WORDS, "exit_reason"),
)
TEXT = (EXTRA / "programmes" / "xm-2024.yml").read_text(encoding="utf-8")


BANK = read_questions([CONFIG, EXTRA], [])


def findings(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    """Line and message of all that is fatal in a programme with this text."""
    path = tmp_path / "p.yml"
    path.write_text(text, encoding="utf-8")
    try:
        source = read_programme(path, BANK, [CONFIG])
    except LoadFailed as error:
        found = error.findings
    else:
        found = [source.document.finding(p) for p in problems(source.programme, NAMES, TODAY)]
    assert all(f.file == str(path) and f.advice for f in found)
    return [(f.line, f.message) for f in found if f.fatal]


def folder_with(tmp_path: Path, **texts: str) -> Path:
    """A configuration folder with these programmes."""
    (tmp_path / "programmes").mkdir()
    for name, text in texts.items():
        (tmp_path / "programmes" / f"{name}.yml").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_unspoilt_file_is_clean(tmp_path: Path) -> None:
    assert findings(tmp_path, TEXT) == []


SPOILT = read_yaml(EXTRA / "spoilt_lines.yml")


@pytest.mark.parametrize("spoilt", SPOILT["lines"], ids=lambda line: line["message"])
def test_a_spoilt_line_is_found(tmp_path: Path, spoilt: dict[str, str]) -> None:
    good, bad, message = spoilt["good"], spoilt["bad"], spoilt["message"]
    assert good in TEXT
    found = findings(tmp_path, TEXT.replace(good, bad, 1))
    lines = [line for line, text in found if text == message]
    assert lines, found
    # The line points into the part that was spoilt (or at the part's list or file head).
    changed = TEXT[: TEXT.index(good)].count("\n") + 1
    assert all(line <= changed + 1 for line in lines)


def test_a_dead_end_is_found(tmp_path: Path) -> None:
    text = TEXT.replace("from: [active, observed, stopped, mending]", "from: [active, observed]")
    text = text.replace("from: [mending], to: active", "from: [mending], to: stopped")
    text = text.replace("from: [stopped], to: active", "from: [mending], to: stopped")
    messages = [message for _, message in findings(tmp_path, text)]
    assert "状态“stopped”没有出路" in messages
    assert "状态“mending”没有出路" in messages


def test_a_missing_workflow_is_found(tmp_path: Path) -> None:
    text = TEXT.replace("selection: {use: selection_two_tier}", "other: {use: selection_two_tier}")
    messages = {message for _, message in findings(tmp_path, text)}
    assert messages == {"缺少“selection”流程", "不认识的流程“other”"}


def test_a_longer_circle_of_required_if_is_found(tmp_path: Path) -> None:
    def when(metric: str) -> str:
        return f'required_if: {{metric: {metric}, op: ">=", value: 1}}'

    text = TEXT.replace(
        "{use: smes_served}", f"{{use: smes_served, {when('satisfaction_percent')}}}"
    )
    text = text.replace(
        "{use: satisfaction_percent}", f"{{use: satisfaction_percent, {when('smes_served')}}}"
    )
    messages = {message for _, message in findings(tmp_path, text)}
    assert messages == {
        "required_if 成环：“smes_served”",
        "required_if 成环：“satisfaction_percent”",
    }


def test_the_digest_follows_what_is_said_not_how(tmp_path: Path) -> None:
    path = tmp_path / "p.yml"

    def digest(text: str, bank: Bank = BANK) -> str:
        path.write_text(text, encoding="utf-8")
        return read_programme(path, bank, [CONFIG]).programme.file_sha256

    first = digest(TEXT)
    assert digest(f"# 说明\n{TEXT}") == first
    assert digest(TEXT.replace("cap: 2", "cap: 3")) != first
    reworded = replace(BANK["smes_served"], label="服务企业数")
    # A round that pinned the old wording must not be taken for one that pinned the new.
    assert digest(TEXT, {**BANK, "smes_served": reworded}) != first


def test_two_files_with_one_id(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, a=TEXT, b=TEXT)
    found = load(CONFIG, extra=[folder]).findings
    first = folder / "programmes" / "a.yml"
    assert [(f.line, f.message) for f in found if f.file.endswith("b.yml")] == [
        (3, f"项目编号“xm-2024”已在 {first} 使用")
    ]


@pytest.mark.parametrize("text", ["", "- a\n", "id: x\n", "id: [\n"])
def test_a_file_that_is_no_programme_is_told_and_others_stay(tmp_path: Path, text: str) -> None:
    folder = folder_with(tmp_path, a=text, b=TEXT)
    library = load(CONFIG, extra=[folder])
    assert {Path(f.file).name for f in library.findings} == {"a.yml"}
    assert "xm-2024" in library.programmes
    assert len(library.programmes) == 6


def test_questions_are_read_strictly(tmp_path: Path) -> None:
    (tmp_path / "questions").mkdir()
    for name, text in {
        "one.yml": "id: two\ntype: text\nlabel: 一\n",
        "three.yml": "id: three\ntype: number\nlabel: 三\n",
        "four.yml": "id: four\nlabel: 四\n",
    }.items():
        (tmp_path / "questions" / name).write_text(text, encoding="utf-8")
    found = [(Path(f.file).name, f.line, f.message) for f in load(tmp_path).findings]
    assert sorted(found) == [
        ("four.yml", 1, "缺少“type”"),
        ("one.yml", 1, "问题编号与文件名不一致"),
        ("three.yml", 2, "不认识的值“number”"),
    ]


@pytest.mark.parametrize("spoilt", SPOILT["references"], ids=lambda line: line["message"])
def test_scores_and_references(tmp_path: Path, spoilt: dict[str, str]) -> None:
    text = (CONFIG / "programmes" / f"{spoilt['file']}.yml").read_text(encoding="utf-8")
    assert spoilt["good"] in text
    found = findings(tmp_path, text.replace(spoilt["good"], spoilt["bad"], 1))
    assert spoilt["message"] in [message for _, message in found]


def test_an_expired_instrument_only_warns(tmp_path: Path) -> None:
    ends = "effective_on: 2024-03-01\n  expires_on: 2024-05-31"
    folder = folder_with(tmp_path, a=TEXT.replace("effective_on: 2024-03-01", ends))
    library = load(CONFIG, extra=[folder, EXTRA])
    mine = [f for f in check_all(library, NAMES, TODAY) if f.file.endswith("a.yml")]
    assert [(f.line, f.message, f.fatal) for f in mine] == [(14, "文件已于 2024-05-31 到期", False)]
