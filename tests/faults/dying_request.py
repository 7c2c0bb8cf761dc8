"""A process that is killed at the commit of a form: ``python -m tests.faults.dying_request``.

Standard input says what to send; a process that lives on prints the status it got.
"""

import json
import os
import signal
import sys

from flask import g, has_request_context
from sqlalchemy import event
from sqlalchemy.orm import Session

from marketplace import create_app
from marketplace.settings import Settings
from tests.support.browser_like import BrowserLike


def die(session: Session) -> None:
    """Only the transaction of the form counts; the login has short ones of its own."""
    if has_request_context() and "submission" in g:
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Send the form; never get the answer."""
    told = json.load(sys.stdin)
    app = create_app(Settings.from_env(told["settings"]))
    app.test_client_class = BrowserLike
    client = app.test_client()
    client.use_session(told["token"])
    event.listen(Session, told["moment"], die)
    print(client.post(told["path"], data=told["data"]).status_code)


if __name__ == "__main__":
    main()
