"""Where personal data lies: each module that keeps some about people registers both sides here.

::

    @personal_data.kept("messages", "站内消息")
    def messages(session: Session, user_id: int, cipher: Cipher) -> list[Row]: …

    @personal_data.erased
    def forget_messages(session: Session, user: User) -> None: …

``own_data`` hands it out on demand or erases it (PIPL 45, 47; S84).
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from marketplace.crypto import Cipher
from marketplace.models import User

Row = dict[str, Any]
Keeper = Callable[[Session, int, Cipher], list[Row]]
Eraser = Callable[[Session, User], None]

KEPT: dict[str, tuple[str, Keeper]] = {}
"""Label and reader of each part of the export, by its key in the file."""
ERASERS: list[Eraser] = []
GONE_NAME = "已注销用户"
"""What stands in place of a person's name afterwards."""


def kept(key: str, label: str) -> Callable[[Keeper], Keeper]:
    """Register a part of the export; its rows are plain values that JSON can hold."""

    def register(function: Keeper) -> Keeper:
        KEPT[key] = (label, function)
        return function

    return register


def erased(function: Eraser) -> Eraser:
    """Register what forgets a person."""
    ERASERS.append(function)
    return function
