"""Structured logs: one JSON object per line on stdout, with the request id, without secrets.

JSON escapes control characters, so nothing a client sends can start a line of its own (S58).
"""

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from marketplace.settings import Settings

Event = MutableMapping[str, Any]

SECRET_NAMES = re.compile(
    r"(?i)passw|secret|token|cookie|authorization|csrf|totp|recovery|^code$|^sid$|phone|_key$"
)
REDACTED = "[redacted]"
ONE_TIME = re.compile(r"(/(?:links|reset|invitations)/)[\w-]{20,}")
BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST = 2000  # characters of one value


def redact(logger: Any, method: str, event: Event) -> Event:
    """Blank values whose name says that they are secret, and tokens inside addresses."""
    return {name: _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: Any) -> Any:
    if SECRET_NAMES.search(name):
        return REDACTED
    if isinstance(value, dict):
        return {key: _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, str):
        return ONE_TIME.sub(rf"\1{REDACTED}", value)[:LONGEST]
    return value


def _one_line(event: Event, **options: Any) -> str:
    """JSON with Chinese readable, and whatever some program takes for a line break escaped."""
    text = json.dumps(event, ensure_ascii=False, **options)
    return BREAKS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class Stdout(logging.Handler):
    """Writes to whatever stdout is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stdout.write(self.format(record) + "\n")
            sys.stdout.flush()
        except Exception:
            self.handleError(record)


def configure(settings: Settings) -> None:
    """Send the logs of this process, libraries included, to stdout as JSON or as plain lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    if settings.log_json:
        renderer: Any = structlog.processors.JSONRenderer(serializer=_one_line, sort_keys=True)
    else:
        renderer = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = Stdout()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
