"""A provider's team, its neighbours, and files that are kept without being opened each time."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from marketplace.models import Provider, StoredFile
from marketplace.permissions import Actor, Permission
from marketplace.phases import Role
from marketplace.services.files import files
from marketplace.services.uploads import slots
from marketplace.services.uploads.keeping import Received
from marketplace.services.uploads.slots import Rules, Slot
from marketplace.storage import Storage, open_storage
from tests import factories
from tests.support import sample_files

LETTERS = Slot("letters", "授权书", ("pdf", "picture"), 5, 2)
PHOTOS = Slot("photos", "现场图片", ("picture",), 5, 3, side=800)


@pytest.fixture(autouse=True)
def _slots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more slots, as a later feature would declare them."""
    known = slots.rules()
    more = {**known.slots, "letters": LETTERS, "photos": PHOTOS}
    rules: Rules = replace(known, slots=more)
    monkeypatch.setattr(slots, "rules", lambda: rules)
    readers = files.holders_of(Permission.PROVIDER_READ)
    monkeypatch.setitem(files.READERS, "letters", readers)
    monkeypatch.setitem(files.READERS, "photos", lambda actor, subject: True)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """The folder that the application of :func:`settings` uses."""
    return open_storage(f"file://{tmp_path}/files")


@dataclass
class Firm:
    provider: Provider
    owner: Actor
    colleague: Actor


@pytest.fixture
def make_firm() -> Callable[[Session], Firm]:
    def make(session: Session) -> Firm:
        provider = factories.make_provider(session)
        organisation = provider.organisation
        people = [factories.make_user(session) for _ in range(2)]
        owner, colleague = (
            Actor(
                role=Role.PROVIDER_OWNER, user_id=user.id, name=user.name,
                organisation_id=organisation.id, district=organisation.district,
            )
            for user in people
        )  # fmt: skip
        return Firm(provider, owner, colleague)

    return make


Hold = Callable[..., StoredFile]


@pytest.fixture
def hold(storage: Storage) -> Hold:
    """``hold(session, actor, name="a.pdf", content=…, slot=LETTERS)``: a draft."""

    def make(
        session: Session,
        actor: Actor,
        name: str = "授权书.pdf",
        content: bytes | None = None,
        slot: Slot = LETTERS,
    ) -> StoredFile:
        content = sample_files.pdf() if content is None else content
        kept = storage.put(io.BytesIO(content), name, limit=slot.limit)
        return files.draft(session, actor, Received(kept, "off"), slot)

    return make
