"""Walk the site over its own links, as one person after another, and read what is shown."""

import re
import string
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect

UNSEEN = {"script", "style", "template", "noscript", "pre", "code"}
SPOKEN = {"alt", "title", "aria-label", "placeholder", "content"}
CSRF = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
REDIRECTS = (301, 302, 303, 307, 308)


class Reader(HTMLParser):
    """Links, ids, inline attributes and the text that people read or hear, of one page.

    What is marked as code is left out: it is meant to look like that.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.inline: list[str] = []
        self.texts: list[str] = []
        self._unseen = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._unseen += tag in UNSEEN
        self.ids.add(given.get("id", ""))
        self.inline += [
            f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")
        ]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag != "meta" or given.get("name") == "description":
            self.texts += [value for name, value in given.items() if name in SPOKEN]

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN

    def handle_data(self, data: str) -> None:
        if not self._unseen and data.strip():
            self.texts.append(data.strip())

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


@dataclass(frozen=True)
class Answer:
    """One address as one person got it. ``template`` names the kind of page: the endpoint."""

    path: str
    endpoint: str
    status: int
    html: str


@dataclass
class Walk:
    """All that one person was led to, and the links that lead nowhere."""

    answers: list[Answer] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)

    @property
    def pages(self) -> list[Answer]:
        """Those that are HTML."""
        return [answer for answer in self.answers if answer.html]

    @property
    def endpoints(self) -> set[str]:
        return {answer.endpoint for answer in self.answers}


class Response(NamedTuple):
    """What an address answered; ``html`` is empty for anything but a page."""

    status: int
    location: str
    html: str


class Visitor:
    """Asks for addresses and keeps cookies, as a browser does before it shows anything."""

    def __init__(self, host: str) -> None:
        self._connection = HTTPConnection(host, timeout=60)
        self._cookies: dict[str, str] = {}

    def sign_in(self, login: str, password: str) -> str:
        """Fill in the login page; gives the address that it leads to."""
        token = CSRF.search(self.get("/login").html)
        assert token is not None
        form = {"login": login, "password": password, "csrf_token": token[1]}
        answer = self._answer("POST", "/login", urlencode(form))
        assert answer.location, answer
        return answer.location

    def get(self, path: str) -> Response:
        """The answer to one address; redirects are not followed."""
        return self._answer("GET", path)

    def _answer(self, method: str, path: str, form: str | None = None) -> Response:
        try:
            answer = self._ask(method, path, form)
        except ConnectionError:  # closed by the server, which keeps idle ones for seconds only
            self._connection.close()
            answer = self._ask(method, path, form)
        body = answer.read()
        for line in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: each.value for name, each in SimpleCookie(line).items()}
        page = answer.status < 300 and answer.headers.get_content_type() == "text/html"
        return Response(
            answer.status, answer.headers["Location"] or "", body.decode() if page else ""
        )

    def _ask(self, method: str, path: str, form: str | None) -> HTTPResponse:
        headers = {"Accept": "text/html"}
        if self._cookies:
            headers["Cookie"] = "; ".join(
                f"{name}={value}" for name, value in self._cookies.items()
            )
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, quote(path, safe=string.punctuation), form, headers)
        return self._connection.getresponse()

    def close(self) -> None:
        self._connection.close()


class Crawler:
    """Follows links of the site at ``base``: at most ``most`` addresses of a kind.

    Addresses are of one kind when the same view answers them and, if ``arguments``, they carry
    the same arguments.
    """

    def __init__(self, base: str, routes: Map, most: int, *, arguments: bool) -> None:
        self.base = base
        self.host = urlsplit(base).netloc
        self.routes = routes.bind(self.host)
        self.most = most
        self.arguments = arguments

    def walk(self, visitor: Visitor, starts: list[str]) -> Walk:
        """Everything that links lead to from ``starts``."""
        walk, seen, kinds = Walk(), set(starts), Counter[tuple[str, ...]]()
        queue = deque((start, "") for start in starts)
        while queue:
            path, source = queue.popleft()
            endpoint = self.endpoint(path)
            kinds[kind := self._kind(endpoint, path)] += 1
            if kinds[kind] > self.most:
                continue
            response = visitor.get(path)
            if response.status >= 400 or not endpoint:
                walk.dead.append(f"{path} on {source}: {response.status}")
                continue
            answer = Answer(path, endpoint, response.status, response.html)
            walk.answers.append(answer)
            for link in self._links(answer, response, walk):
                if link not in seen:
                    seen.add(link)
                    queue.append((link, path))
        return walk

    def _kind(self, endpoint: str, path: str) -> tuple[str, ...]:
        # Files are many and slow to make, and how often a person may have them is limited.
        if not self.arguments or urlsplit(path).path.endswith(".xlsx"):
            return (endpoint,)
        return (endpoint, *sorted({name for name, _ in parse_qsl(urlsplit(path).query)}))

    def endpoint(self, path: str) -> str:
        """Name of the view behind a path; empty when there is none."""
        try:
            return str(self.routes.match(urlsplit(path).path, "GET")[0])
        except RequestRedirect as redirect:
            return self.endpoint(urlsplit(redirect.new_url).path)
        except (NotFound, MethodNotAllowed):
            return ""

    def _links(self, answer: Answer, response: Response, walk: Walk) -> Iterator[str]:
        if answer.status in REDIRECTS:
            yield from self._inside(answer.path, response.location)
        reader = Reader(answer.html)
        for link in reader.links:
            if link.startswith("#") and link[1:] not in reader.ids:
                walk.dead.append(f"{link} on {answer.path}: no such place")
            yield from self._inside(answer.path, link)

    def _inside(self, path: str, link: str) -> Iterator[str]:
        parts = urlsplit(urljoin(self.base + path, link))
        if parts.netloc == self.host and not link.startswith("#"):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


PRIVATE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<![0-9A-Z])\d{17}[0-9Xx](?![0-9A-Z])")
LEFTOVER = re.compile(
    r"\b(?:None|null|undefined|NaN|True|False|lorem|ipsum|TODO|Submit|Error|Traceback)\b"
    r"|\{\{|\}\}|\{%|<Markup|<built-in|datetime\.|Decimal\("
    r"|(?<![/\w@.:-])(?!docx\b|xlsx\b)(?:[a-z]{3,}|[a-z]+_[a-z_]+)(?![\w@.:(/-])"
)


def odd_texts(text: str) -> list[str]:
    """Numbers of persons, and what programmers left behind: codes, English, empty values."""
    found = [*PRIVATE.finditer(text), *LEFTOVER.finditer(text)]
    return [text[max(0, m.start() - 30) : m.end() + 30].replace("\n", " ⏎ ") for m in found]
