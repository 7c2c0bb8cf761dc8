"""Receipt codes: random, forgiving to type, stored as a hash only."""

from marketplace.crypto import digest
from marketplace.services.audit import receipts


def test_a_code_is_stored_as_its_hash_and_typed_in_many_ways():
    made = receipts.make_code()
    plain = made.code.replace("-", "")
    assert (len(plain), made.digest) == (16, digest(plain))
    assert set(plain) <= set(receipts.ALPHABET)
    for typed in (made.code, made.code.lower(), plain, f"  {made.code.replace('-', ' ')} "):
        assert receipts.digest_of(typed) == made.digest
        assert receipts.same(made.digest, typed)
    assert not receipts.same(made.digest, plain[:-1])


def test_what_looks_alike_is_read_alike():
    assert receipts.digest_of("O0IL-1111-2222-3333") == receipts.digest_of("0011-1111-2222-3333")


def test_no_two_codes_are_equal():
    assert len({receipts.make_code().digest for _ in range(1000)}) == 1000
