"""Late writes never beat newer ones, whatever the order (E16)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from search.documents import Document
from search.writes import MOST_TOMBSTONES, Tombstones, plan_writes

IDS = ("case:1", "case:2", "case:3")
# Each step: document or deletion, which one, which version.
EVENTS = st.lists(
    st.tuples(st.booleans(), st.sampled_from(IDS), st.integers(1, 9)), min_size=1, max_size=40
)


def apply(
    state: dict[str, int], tombs: Tombstones, batch: list[tuple[bool, str, int]]
) -> tuple[str, ...]:
    puts = [Document(key, version, "x") for is_put, key, version in batch if is_put]
    deletions = [(key, version) for is_put, key, version in batch if not is_put]
    writes = plan_writes(puts, deletions, state, tombs)
    for key in writes.removals:
        state.pop(key, None)
    for document in writes.puts:
        state[document.id] = document.version
    tombs.add(writes.tombstones)
    return writes.stale


@given(EVENTS, st.lists(st.integers(0, 40), max_size=3))
def test_the_newest_event_of_each_document_decides(
    events: list[tuple[bool, str, int]], cuts: list[int]
) -> None:
    # A version is either a document or a deletion, as in the database.
    kinds: dict[tuple[str, int], bool] = {}
    settled = [(kinds.setdefault((key, v), is_put), key, v) for is_put, key, v in events]
    state: dict[str, int] = {}
    tombs = Tombstones()
    edges = [0, *sorted(cut for cut in cuts if cut < len(settled)), len(settled)]
    for start, end in pairwise(edges):
        apply(state, tombs, settled[start:end])
    newest = {key: max(v for _, k, v in settled if k == key) for key in {k for _, k, _ in settled}}
    assert state == {key: v for key, v in newest.items() if kinds[key, v]}


def test_what_was_left_out_is_told() -> None:
    state, tombs = {"case:1": 5}, Tombstones()
    assert apply(state, tombs, [(True, "case:1", 4), (True, "case:2", 1)]) == ("case:1",)
    assert apply(state, tombs, [(False, "case:1", 4)]) == ("case:1",)
    assert apply(state, tombs, [(False, "case:1", 6), (False, "case:3", 2)]) == ()
    assert apply(state, tombs, [(True, "case:1", 5), (True, "case:3", 1)]) == ("case:1", "case:3")
    assert state == {"case:2": 1}


def test_an_equal_version_replaces() -> None:
    """The document of a product also shows its provider's name, which has a version of its own."""
    writes = plan_writes([Document("case:1", 5, "new")], [], {"case:1": 5}, Tombstones())
    assert [document.title for document in writes.puts] == ["new"]


def test_a_key_whose_row_is_gone_can_be_used_again() -> None:
    state, tombs = {"case:1": 5}, Tombstones()
    writes = plan_writes([], [("case:1", None)], state, tombs)
    tombs.add(writes.tombstones)
    assert writes.removed == ("case:1",)
    assert apply({}, tombs, [(True, "case:1", 1)]) == ()


def test_tombstones_are_bounded() -> None:
    tombs = Tombstones()
    tombs.add({f"case:{number}": 1 for number in range(MOST_TOMBSTONES + 1)})
    assert tombs.of("case:0") is None
    assert tombs.of("case:1") == 1
