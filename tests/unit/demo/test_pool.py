"""The pool of the demo keeps the rules of the Qingdao programme and shows each situation."""

from collections import Counter, defaultdict

from marketplace.demo.source import CONFIG
from marketplace.phases import HOLDING_PHASES, LIVE_PHASES
from marketplace.programmes import vocabulary
from tests.unit.demo.conftest import Rows

SEGMENTS = ("auto_parts", "rail_equipment", "home_appliance", "general_parts")
CAPS = {"integrator": 6, "product": 20, "chain_leader": 3}
MINIMA = {"integrator": 3, "product": 10, "chain_leader": 1}


def live(data: dict[str, Rows]) -> Rows:
    return [row for row in data["memberships"] if row["standing"] in LIVE_PHASES]


def test_how_full_each_cell_is(data: dict[str, Rows]) -> None:
    used = Counter((row["segment"], row["type"]) for row in live(data))
    table = {segment: tuple(used[segment, kind] for kind in CAPS) for segment in SEGMENTS}
    assert table == {
        "auto_parts": (6, 20, 3),
        "rail_equipment": (5, 9, 2),
        "home_appliance": (5, 19, 2),
        "general_parts": (2, 17, 1),
    }
    at_cap = {key for key, count in used.items() if count == CAPS[key[1]]}
    at_minimum = {key for key, count in used.items() if count == MINIMA[key[1]]}
    below = {key for key, count in used.items() if count < MINIMA[key[1]]}
    assert at_cap == {("auto_parts", kind) for kind in CAPS}
    assert at_minimum == {("general_parts", "chain_leader")}
    # Two that are decided will fill the first; for the second nobody was chosen yet.
    assert below == {("rail_equipment", "product"), ("general_parts", "integrator")}


def test_places_held_fit_under_the_caps(data: dict[str, Rows]) -> None:
    taken = Counter((row["segment"], row["type"]) for row in live(data))
    taken.update(
        (row["segment"], row["type"])
        for row in data["candidacies"]
        if row["phase"] in HOLDING_PHASES
    )
    assert {key: count for key, count in taken.items() if count > CAPS[key[1]]} == {}


def test_standings_and_phases_all_occur(data: dict[str, Rows]) -> None:
    assert Counter(row["standing"] for row in data["memberships"]) == {
        "listed": 82, "warned": 4, "rectifying": 3, "suspended": 2, "exited": 5,
    }  # fmt: skip
    assert Counter(row["phase"] for row in data["candidacies"]) == {
        "publicity": 2, "decision": 1, "reserve": 7,
    }  # fmt: skip
    exits = {row["reason_code"] for row in data["memberships"] if row["standing"] == "exited"}
    assert exits == {"X03", "X05", "X10", "X13"}
    unexplained = [r for r in data["memberships"] if r["standing"] != "listed" and not r["reason"]]
    assert unexplained == []


def test_what_ended_or_must_be_put_right_has_its_own_day(data: dict[str, Rows]) -> None:
    exits = {row["exited_on"] for row in data["memberships"] if row["standing"] == "exited"}
    assert len(exits) == 5
    due = [row["rectify_by"] for row in data["memberships"] if row["standing"] == "rectifying"]
    assert None not in exits | set(due)
    others = [r for r in data["memberships"] if r["standing"] not in ("exited", "rectifying")]
    assert {(row["exited_on"], row["rectify_by"]) for row in others} == {(None, None)}


def test_a_third_segment_has_a_waiver(data: dict[str, Rows]) -> None:
    segments = defaultdict(set)
    waived = Counter(row["uscc"] for row in live(data) if row["waiver"])
    for row in live(data):
        if row["type"] != "chain_leader":
            segments[row["uscc"]].add(row["segment"])
    beyond = {uscc: len(found) - 2 for uscc, found in segments.items() if len(found) > 2}
    assert beyond == waived
    assert sum(waived.values()) == 1


def test_chain_leaders_keep_to_their_own_segment(data: dict[str, Rows]) -> None:
    own = {row["uscc"]: row["segment"] for row in data["organisations"]}
    kinds = defaultdict(list)
    for row in live(data):
        kinds[row["uscc"]].append(row["type"])
        if row["type"] == "chain_leader":
            assert row["chain_mode"] in ("self_led", "ecosystem")
            assert own[row["uscc"]] == row["segment"]
    assert [found for found in kinds.values() if "chain_leader" in found and len(found) > 1] == []


def test_one_subject_takes_part_twice_only_as_a_candidate(data: dict[str, Rows]) -> None:
    """QD 二(一)1: the affiliate waits on the reserve list, where listing it must be refused."""
    (link,) = data["affiliates"]
    living = {row["uscc"] for row in live(data)}
    waiting = {row["uscc"]: row["phase"] for row in data["candidacies"]}
    assert link["affiliate_uscc"] in living
    assert link["uscc"] not in living
    assert waiting[link["uscc"]] == "reserve"


def test_every_member_has_the_cases_its_type_needs(data: dict[str, Rows]) -> None:
    """QD 二(二)1 and 二(三)2: two of an integrator, three of a product, in the own segment."""
    shown = Counter((r["uscc"], r["segment"]) for r in data["cases"] if r["client_consent"])
    needed: Counter[tuple[str, str]] = Counter()
    for row in live(data):
        needs = {"integrator": 2, "product": 3, "chain_leader": 0}[row["type"]]
        needed[row["uscc"], row["segment"]] += needs
    assert {key: count for key, count in needed.items() if shown[key] < count} == {}


def test_the_data_set_is_as_large_as_asked(data: dict[str, Rows]) -> None:
    kinds = Counter(row["kind"] for row in data["organisations"])
    assert kinds == {
        "lead_bureau": 1, "co_bureau": 2, "third_party": 2, "district_office": 12,
        "provider": 66, "enterprise": 120,
    }  # fmt: skip
    assert 90 <= len(live(data)) <= 116
    assert len(data["cases"]) >= 230
    assert len(data["products"]) >= 300


def test_every_word_of_the_catalogue_is_used(data: dict[str, Rows]) -> None:
    terms = {
        group.kind: {term.code for term in group.terms}
        for group in vocabulary.load(CONFIG / "vocabulary")
    }
    assert {row["category"] for row in data["products"]} == terms["category"]
    assert {scene for row in data["products"] for scene in row["scenes"]} == terms["scene"]
    for kind in ("provider", "enterprise"):
        places = {row["district"] for row in data["organisations"] if row["kind"] == kind}
        assert terms["district"] <= places | {""}
    assert {code for r in data["products"] for code in r["deployment"]} == terms["deployment"]
    assert {row["pricing_model"] for row in data["products"]} == terms["pricing_model"]
    assert {area for row in data["organisations"] for area in row["service_areas"]} == terms[
        "service_area"
    ]
