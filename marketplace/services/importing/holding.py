"""One import at a time: a lease that the running process renews and a dead one loses."""

import time

from marketplace import outbox
from marketplace.db import Database
from marketplace.errors import Conflict
from marketplace.services.accounts import holders

LEASE = "import"
RENEW_SECONDS = 2.0
WAIT_SECONDS = outbox.LEASE_SECONDS + 2


class Holder:
    """Keeps the import lease; ``tick`` renews it from time to time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = holders.me()
        self._renew_at = 0.0

    def take(self, wait_seconds: float = WAIT_SECONDS) -> None:
        """Wait for the lease. Raises Conflict when another import keeps it."""
        end = time.monotonic() + wait_seconds
        while not self._held():
            if time.monotonic() > end:
                raise Conflict(
                    "另一个导入正在进行", code="import_busy", remedy="请等它完成后再试。"
                )
            self._bury()
            time.sleep(0.2)

    def tick(self) -> None:
        """Renew when it is time. Raises Conflict when somebody else took over."""
        if time.monotonic() > self._renew_at and not self._held():
            raise Conflict("导入已由另一个进程接手", code="import_busy")

    def release(self) -> None:
        """Give the lease back."""
        outbox.release_lease(self._database, LEASE, self._name)

    def _held(self) -> bool:
        held = outbox.take_lease(self._database, LEASE, self._name)
        self._renew_at = time.monotonic() + RENEW_SECONDS
        return held

    def _bury(self) -> None:
        """Take the lease from a process of this machine that was killed, without waiting."""
        holder = outbox.holder_of(self._database, LEASE)
        if holders.gone(holder):
            outbox.release_lease(self._database, LEASE, holder)
