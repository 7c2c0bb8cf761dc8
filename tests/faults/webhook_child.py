"""A worker that sends webhooks, to be killed: the target of a forked process."""

import os
import signal

from marketplace.db import Database, make_engine
from marketplace.services.webhooks import sending
from marketplace.services.webhooks.posting import Answer
from marketplace.services.webhooks.sending import Job, Sender
from marketplace.settings import Settings


class Careless(Sender):
    """Notes that a message was delivered before it is sent: the control. Killed in between."""

    def _posted(self, job: Job) -> Answer:
        confirmed = Answer(200, "", "", 0)
        self._database.run(lambda session: sending.settle(session, job, confirmed))
        os.kill(os.getpid(), signal.SIGKILL)
        return confirmed


def main(settings: Settings, endpoint_id: int, *, careful: bool = True) -> None:
    """One turn of an address."""
    database = Database(make_engine(settings.database_url))
    kind = Sender if careful else Careless
    kind(database, settings).turn(endpoint_id)
