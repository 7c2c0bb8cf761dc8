"""Mail: composed and queued in the transaction of its cause, sent by the worker afterwards.

Letters carry single-use links, so the queue holds them sealed. ``MAIL_URL`` says where they go:
``file:///folder`` (one .eml each), ``console:``, ``smtp://[user:password@]host[:port]`` (STARTTLS
when offered) or ``smtps://…``; ``?from=address`` sets the sender.
"""

import base64
import os
import smtplib
import ssl
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.orm import Session

from marketplace import clock, outbox
from marketplace.crypto import Cipher, digest
from marketplace.settings import ROOT, Settings

PLACE = "outbox.letter"
TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Letter:
    """One plain-text mail."""

    to: str
    subject: str
    body: str


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(ROOT / "templates" / "emails"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),  # letters are plain text: nothing to escape for
        keep_trailing_newline=True,
    )


def compose(template: str, *, to: str, **context: Any) -> Letter:
    """A letter from ``templates/emails``; its first line is the subject."""
    text = _templates().get_template(template).render(**context)
    subject, _, body = text.partition("\n")
    return Letter(to, " ".join(subject.split()), body.lstrip("\n"))


def put(session: Session, cipher: Cipher, letter: Letter) -> None:
    """Queue a letter in the running transaction."""
    sealed = cipher.seal(orjson.dumps(asdict(letter)).decode(), PLACE)
    payload = {"sealed": base64.b64encode(sealed).decode()}
    outbox.put(session, outbox.MAIL, digest(letter.to)[:16], payload)


def opened(cipher: Cipher, payload: dict[str, Any]) -> Letter:
    """The letter in a queued row."""
    return Letter(**orjson.loads(cipher.open(base64.b64decode(payload["sealed"]), PLACE)))


class Mailer:
    """Sends queued letters; one that fails is tried again later."""

    def __init__(self, settings: Settings) -> None:
        self._cipher = Cipher(settings.encryption_keys)
        url = urlsplit(settings.mail_url)
        host = urlsplit(settings.base_url).hostname or "localhost"
        self._sender = parse_qs(url.query).get("from", [f"no-reply@{host}"])[0]
        self._send = _sender(url)

    def handle(self, entries: Sequence[outbox.Entry]) -> dict[int, str]:
        """Send each; answers the errors by row."""
        failed = {}
        for entry in entries:
            try:
                letter = opened(self._cipher, entry.payload)
                if letter.to:  # a letter to nobody was queued to take the same time
                    # The same row gives the same id: a mail sent twice can be recognised.
                    self.send(letter, digest(entry.payload["sealed"])[:32])
            except Exception as error:  # whatever it is, the others must go out
                failed[entry.id] = f"{type(error).__name__}: {error}"
        return failed

    def send(self, letter: Letter, number: str) -> None:
        """Send one letter now; ``number`` makes its Message-ID. Raises what the server says."""
        self._send(self._message(letter, number))

    def _message(self, letter: Letter, number: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"] = self._sender, letter.to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{number}@{self._sender.partition('@')[2]}>"
        message.set_content(letter.body)
        return message


Send = Callable[[EmailMessage], None]


def _sender(url: SplitResult) -> Send:
    if url.scheme == "file":
        return lambda message: _to_folder(Path(unquote(url.path)), message)
    if url.scheme == "console":
        return lambda message: print(message.as_string(), file=sys.stdout)  # noqa: T201
    if url.scheme in ("smtp", "smtps"):
        return lambda message: _by_smtp(url, message)
    raise ValueError(f"MAIL_URL: {url.scheme} is none of file, console, smtp, smtps")


def _to_folder(folder: Path, message: EmailMessage) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(message.as_bytes())
    stamp = f"{clock.beijing(clock.now()):%Y%m%d-%H%M%S-%f}"
    Path(temporary).rename(folder / f"{stamp}.eml")


def _by_smtp(url: SplitResult, message: EmailMessage) -> None:
    host, tls = url.hostname or "", ssl.create_default_context()
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, url.port or 465, timeout=TIMEOUT_SECONDS, context=tls
        )
    else:
        server = smtplib.SMTP(host, url.port or 25, timeout=TIMEOUT_SECONDS)
    with server:
        if url.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=tls)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)
