"""Rules over every file, templates and configuration included."""

import re
from collections.abc import Iterator
from functools import partial

from tests.support.source import Rule, Source

Breaches = Iterator[tuple[int, str]]

ALL = ("*",)

# Written in two halves, so that this file obeys its own rule.
REGISTRIES = "|".join(
    re.escape(name + "." + top)
    for name, top in (
        ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"),
        ("npmmirror", "com"), ("yarnpkg", "com"), ("crates", "io"), ("golang", "org"),
        ("maven", "org"), ("deb.debian", "org"), ("security.debian", "org"), ("jsdelivr", "net"),
        ("unpkg", "com"), ("cdnjs", "com"), ("mirrors", "aliyun"), ("edu", "cn/pypi"),
    )
)  # fmt: skip
REGISTRY = re.compile(rf"(?i)(?:{REGISTRIES})|\"resol" + r"ved\":|--(?:extra-)?index-url https?:")

PRIVATE_KEY = "-----BEGIN " + r"[A-Z ]*PRIVATE KEY"
SECRET = re.compile(
    rf"{PRIVATE_KEY}|\bAKIA[0-9A-Z]{{16}}\b|\bgh[pousr]_\w{{30,}}|\bxox[abpr]-\w+"
    r"|\beyJ[\w-]{15,}\.[\w-]{15,}\."
    r"|(?i:\b\w*(?:secret|passwd|password|api_?key|access_?token)\w*\s*[=:]\s*"
    r"[\"'](?!demo|test|示例)[\w+/=!@#$%^&*-]{16,}[\"'])"
)

MACHINE = re.compile(
    r"(?<![\w.$~:/-])/(?:ro" + r"ot|home/\w+|Users/\w+|wo" + r"rk/(?:main|shared)|tmp/\w+)/"
)

# quality.md S81: no mobile number, no resident's number.
MOBILE = re.compile(r"(?<![\w.-])1[3-9]\d{9}(?![\w.-])")
RESIDENT = re.compile(
    r"(?<!\w)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\w)"
)

INLINE = re.compile(
    r"<style\b|<script(?![^>]*\bsrc=)(?! type=\"application/ld\+json\">)[^>]*>"
    r"|\s(?:style|on[a-z]+|hx-on[\w:.-]*)\s*=\s*[\"']|javascript:"
)
UNESCAPED = re.compile(r"\|\s*safe\b|\bautoescape\s+false\b|\bMarkup\(")


def _find(pattern: re.Pattern[str], what: str, source: Source) -> Breaches:
    for number, line in enumerate(source.text.splitlines(), 1):
        if match := pattern.search(line):
            yield number, f"{what}: {match.group().strip()[:60]}"


def _rule(name: str, pattern: re.Pattern[str], what: str, files: tuple[str, ...], **more) -> Rule:
    return Rule(name, partial(_find, pattern, what), files, **more)


LOCKED = ("requirements/*.txt", "*package-lock.json")
VENDORED = ("marketplace/web/static/vendor/*",)
TEMPLATES = ("templates/*.html", "marketplace/*.html")

RULES = (
    _rule(
        "files name no package registry", REGISTRY, "a registry", ALL, but=VENDORED,
        bad=(
            ("requirements/a.txt", "--index-url https" + "://mirror.example"),
            ("a.md", "see https://" + "pypi" + ".org/project/x"),
            ("package-lock.json", '"resol' + 'ved": "x"'),
        ),
        good=(("a.md", "the package registry"), ("bin/a.sh", "uv --no-emit-index-url --quiet")),
    ),
    _rule(
        "files hold no secret (S88)", SECRET, "looks like a secret", ALL,
        but=(*LOCKED, *VENDORED, "tests/*"),
        bad=(
            ("a.pem", "-----BEGIN " + "RSA PRIVATE KEY-----"),
            ("a.py", "SECRET_KEY = 'k3yk3yk3yk3yk3yk3y'"),
            ("a.yml", "aws: AKIA" + "ABCDEFGHIJKLMNOP"),
        ),
        good=(
            ("a.py", "password = request.form['password']"),
            ("a.py", "DEMO_SECRET = 'demo-only-key-never-used-elsewhere'"),
        ),
    ),
    _rule(
        "files name no folder of one machine", MACHINE, "a folder of one machine", ALL,
        but=VENDORED,
        bad=(("a.md", "cd /ro" + "ot/x"), ("a.py", "open('/ho" + "me/lin/x')")),
        good=(("a.html", "<a href='/work/pool'>"), ("a.md", "~/x, /usr/bin/x")),
    ),
    _rule(
        "files hold no mobile number (S81)", MOBILE, "a mobile number", ALL,
        but=(*LOCKED, *VENDORED, "tests/*"),
        bad=(("config/a.yml", "phone: 139" + "00000000"),),
        good=(("config/a.yml", "phone: 0532-0000 0000"),),
    ),
    _rule(
        "files hold no resident's number (S81)", RESIDENT, "a resident's number", ALL,
        but=(*LOCKED, *VENDORED, "tests/*"),
        bad=(("config/a.yml", "id: 370202" + "19900101" + "001X"),),
        good=(("config/a.yml", "uscc: 91370200MA3C00000X"),),
    ),
    _rule(
        "templates hold nothing inline (S02)", INLINE, "inline", TEMPLATES,
        bad=(
            ("templates/a.html", '<p style="color:red">'),
            ("templates/a.html", "<script>go()</script>"),
            ("templates/a.html", '<script type="module">go()</script>'),
            ("templates/a.html", '<a onclick="go()">'),
            ("templates/a.html", '<a href="javascript:go()">'),
        ),
        good=(
            ("templates/a.html", '<script type="module" src="{{ url }}"></script>'),
            ("templates/a.html", '<script type="application/ld+json">{{ data }}</script>'),
            ("templates/a.html", '<option value="on">'),
        ),
    ),
    _rule(
        "templates escape everything (S55)", UNESCAPED, "not escaped", TEMPLATES,
        bad=(
            ("templates/a.html", "{{ text|safe }}"),
            ("templates/a.html", "{% autoescape false %}"),
        ),
        good=(("templates/a.html", "{{ text|e }} safe"),),
    ),
)  # fmt: skip
