"""Sealed fields (S82)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.crypto import Cipher, Unsealable, digest, keyed_hash

OLD, NEW = "the first key of this installation", "the second key of this installation"
PLACE = "people.phone:12"

texts = st.text(st.characters(codec="utf-8"), max_size=200)


@given(texts, texts)
def test_what_was_sealed_opens(text, place):
    cipher = Cipher([NEW])
    assert cipher.open(cipher.seal(text, place), place) == text


def test_the_sealed_value_hides_text_and_length_of_nothing_repeats():
    cipher = Cipher([NEW])
    one, two = (cipher.seal("138-0000-0000", PLACE) for _ in range(2))
    assert one != two
    assert b"0000" not in one
    assert len(one) == 4 + 12 + len("138-0000-0000") + 16


def test_it_opens_in_its_own_place_only():
    cipher = Cipher([NEW])
    with pytest.raises(Unsealable):
        cipher.open(cipher.seal("secret", "people.phone:12"), "people.phone:13")


@given(st.integers(0, 40), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place, change):
    cipher = Cipher([NEW])
    sealed = bytearray(cipher.seal("secret text", PLACE))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(Unsealable):
        cipher.open(bytes(sealed), PLACE)


def test_s82_keys_are_changed_without_losing_anything():
    old, both, new = Cipher([OLD]), Cipher([NEW, OLD]), Cipher([NEW])
    sealed = old.seal("secret", PLACE)
    assert both.open(sealed, PLACE) == "secret"
    assert not both.is_current(sealed)
    with pytest.raises(Unsealable):
        new.open(sealed, PLACE)
    again = both.seal(both.open(sealed, PLACE), PLACE)
    assert both.is_current(again)
    assert new.open(again, PLACE) == "secret"


@pytest.mark.parametrize("sealed", [b"", b"abc", b"x" * 100])
def test_rubbish(sealed):
    with pytest.raises(Unsealable):
        Cipher([NEW]).open(sealed, PLACE)


def test_hashes_depend_on_key_purpose_and_text():
    values = {
        keyed_hash(key, purpose, text)
        for key in (OLD, NEW)
        for purpose in ("csrf", "other")
        for text in ("a", "b")
    }
    assert len(values) == 8
    assert all(len(value) == 64 for value in values)
    assert digest("a") != digest("b")
