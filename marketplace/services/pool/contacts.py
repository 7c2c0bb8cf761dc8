"""Full contact numbers: shown to staff one at a time, for a reason, and recorded (S83)."""

from sqlalchemy.orm import Session

from marketplace.crypto import Cipher
from marketplace.errors import Invalid, NotFound
from marketplace.history import record
from marketplace.models import Provider
from marketplace.permissions import Actor, Permission, require


def place(provider_id: int) -> str:
    """What the sealed number of a provider is bound to."""
    return f"providers.contact_phone:{provider_id}"


def unmask(
    session: Session, actor: Actor, cipher: Cipher, provider: Provider, *, reason: str
) -> str:
    """The full number of a provider (its organisation loaded). Leaves an event with the reason."""
    require(actor, Permission.CONTACT_UNMASK, provider)
    if len(reason.strip()) < 4:
        raise Invalid(fields={"reason": ["请写明查看原因，至少4个字"]})
    if provider.contact_phone_encrypted is None:
        raise NotFound("该服务商没有登记联系电话")
    phone = cipher.open(provider.contact_phone_encrypted, place(provider.id))
    record(session, actor, "contact_unmask", provider, why={"reason": reason.strip()})
    return phone
