"""Where an Elasticsearch index is and who may use it, read from a SEARCH_URL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from search.errors import Unavailable

PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::(?P<port>[0-9]{1,5}))?")
PORT = 9200
HIGHEST_PORT = 65535
REPLICAS = re.compile(r"[0-9]|[0-9]-(?:[0-9]|all)")
FORM = "https://用户:密码@主机:9200,主机:9200/前缀?shards=1&replicas=0-1&timeout=1"
SEARCH_SECONDS = 1.0
TIMEOUT = re.compile(r"[0-9]{1,2}(?:\.[0-9])?")
OPTIONS = frozenset({"user", "password", "api_key", "ca", "shards", "replicas", "timeout"})


@dataclass(frozen=True, slots=True)
class Address:
    """``hosts`` with scheme and port; names of all indexes begin with ``prefix``.

    ``ca``: file with the certificates to trust, the system's when empty. ``shards`` and
    ``replicas`` (a number, or a range that follows the number of nodes) hold for new indexes.
    ``timeout``: seconds a search may take; a page waits no longer before it does without.
    """

    hosts: tuple[str, ...]
    prefix: str
    user: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    ca: str = ""
    shards: int = 1
    replicas: str = "0-1"
    timeout: float = SEARCH_SECONDS

    @property
    def shown(self) -> str:
        """The address without secrets."""
        return f"{','.join(self.hosts)}/{self.prefix}"

    @classmethod
    def parse(cls, url: str) -> "Address":
        """``http(s)://[user:password@]host[:port][,host[:port]…]/prefix[?options]``.

        Options: ``user``, ``password``, ``api_key``, ``ca``, ``shards``, ``replicas``,
        ``timeout``; what the URL says before the ``@`` stands above them. Raises Unavailable,
        without any secret in the text.
        """
        try:
            parts = urlsplit(url)
        except ValueError as error:  # half an IPv6 address
            raise Unavailable(f"SEARCH_URL 的格式应为 {FORM}") from error
        account, _, places = parts.netloc.rpartition("@")
        hosts = places.split(",")
        prefix = parts.path.strip("/") or "mk"
        options = dict(parse_qsl(parts.query))
        whole = all(map(_is_host, hosts)) and PREFIX.fullmatch(prefix)
        if not whole or not options.keys() <= OPTIONS or not _sound(options):
            raise Unavailable(f"SEARCH_URL 的格式应为 {FORM}")
        user, _, password = account.partition(":")
        return cls(
            hosts=tuple(f"{parts.scheme}://{_with_port(host)}" for host in hosts),
            prefix=prefix,
            user=unquote(user) or options.get("user", ""),
            password=unquote(password) or options.get("password", ""),
            api_key=options.get("api_key", ""),
            ca=options.get("ca", ""),
            shards=int(options.get("shards", "1")),
            replicas=options.get("replicas", "0-1"),
            timeout=float(options.get("timeout", SEARCH_SECONDS)),
        )


def _is_host(text: str) -> bool:
    found = HOST.fullmatch(text)
    return found is not None and 0 < int(found["port"] or PORT) <= HIGHEST_PORT


def _sound(options: Mapping[str, str]) -> bool:
    shards = options.get("shards", "1")
    replicas = options.get("replicas", "0-1")
    timeout = options.get("timeout", "1")
    return (
        shards.isdecimal()
        and 0 < int(shards) <= 100
        and bool(REPLICAS.fullmatch(replicas))
        and bool(TIMEOUT.fullmatch(timeout))
        and float(timeout) > 0
    )


def _with_port(host: str) -> str:
    return host if re.search(r":[0-9]+$", host) else f"{host}:{PORT}"
