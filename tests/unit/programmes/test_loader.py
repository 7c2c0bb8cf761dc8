"""Reading YAML: values as people mean them, and errors with file, line and what to do."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from marketplace.programmes.loader import Finding, LoadFailed, read_document, read_yaml
from marketplace.programmes.structure import Problem


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notice.yml"


def test_scalars_are_what_they_look_like(file: Path) -> None:
    file.write_text(
        "answer: yes\nclock: 17:30\ncode: 0370\nday: 2024-01-31\nat: 2024-01-31 24:00\n"
        "list: [1, -2, 1.5, true, false, null, ~, 1_000, 0x1F, on, 2024]\nnothing:\n",
        encoding="utf-8",
    )
    assert read_yaml(file) == {
        "answer": "yes",
        "clock": "17:30",
        "code": "0370",
        "day": date(2024, 1, 31),
        "at": "2024-01-31 24:00",
        "list": [1, -2, 1.5, True, False, None, None, "1_000", "0x1F", "on", 2024],
        "nothing": None,
    }


def test_every_value_knows_its_line(file: Path) -> None:
    file.write_text("a: 1\nb:\n  - x: 1\n    y: 2\n  - {x: 3}\n", encoding="utf-8")
    document = read_document(file)
    assert document.line(("a",)) == 1
    assert document.line(("b", 0, "y")) == 4
    assert document.line(("b", 1, "x")) == 5
    # A part that the file does not spell out belongs to the nearest one that it does.
    assert document.line(("b", 1, "missing", 7)) == 5
    problem = Problem(("b", 0, "y"), "错了", "请改。", fatal=False)
    assert document.finding(problem) == Finding(str(file), 4, "错了", "请改。", fatal=False)
    assert str(document.finding(problem)) == f"{file}:4: 提醒：错了。请改。"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "键“a”写了两次"),
        ("a:\n  b: 1\n  b: 2\n", 3, "键“b”写了两次"),
        ("a: 1\n b: 2: 3\n", 2, "不是合法的 YAML"),
        ("a: [1, 2\n", 2, "不是合法的 YAML"),
        ("day: 2024-02-30\n", 1, "不是合法的 YAML"),
        ("a: !!python/object/apply:os.system [x]\n", 1, "不是合法的 YAML"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(
    file: Path, text: str, line: int, message: str
) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LoadFailed) as refusal:
        read_yaml(file)
    (finding,) = refusal.value.findings
    assert (finding.file, finding.line, finding.fatal) == (str(file), line, True)
    assert finding.message.startswith(message)
    assert finding.advice


def test_an_empty_file_is_nothing(file: Path) -> None:
    file.write_text("", encoding="utf-8")
    assert read_yaml(file) is None


def test_bytes_that_are_no_text_are_refused(file: Path) -> None:
    file.write_bytes(b"a: \xff\xfe\x00")
    with pytest.raises(LoadFailed):
        read_yaml(file)


def test_the_hash_is_of_the_bytes(file: Path) -> None:
    file.write_bytes(b"a: 1\n")
    assert read_document(file).sha256 == hashlib.sha256(b"a: 1\n").hexdigest()
