"""Every text of a programme that a round ever pinned, kept by its hash.

A round holds only the text that binds it now; what bound it last year is found here, so that an
old decision still opens to the words that ordered it.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import ProgrammeText
from marketplace.programmes.schema import Programme
from marketplace.programmes.snapshot import from_snapshot, to_snapshot

_BUILT: dict[str, Programme] = {}


def keep(session: Session, programme: Programme) -> None:
    """Keep a text that is being pinned; one that is known already stays as it is."""
    known = select(ProgrammeText.hash).where(ProgrammeText.hash == programme.file_sha256)
    if session.scalar(known) is None:
        session.add(
            ProgrammeText(
                hash=programme.file_sha256,
                programme_id=programme.id,
                snapshot=to_snapshot(programme),
            )
        )
        session.flush()


def of(session: Session, hashes: Iterable[str]) -> Mapping[str, Programme]:
    """The kept texts by hash: at most one query; unknown hashes are left out."""
    wanted = set(hashes)
    missing = wanted - _BUILT.keys()
    if missing:
        rows = select(ProgrammeText).where(ProgrammeText.hash.in_(missing))
        for row in session.scalars(rows):
            _BUILT[row.hash] = from_snapshot(row.snapshot)
    return {hash_: _BUILT[hash_] for hash_ in wanted if hash_ in _BUILT}
