"""Static files: names that follow the content, compressed copies, headers on every answer."""

import gzip
import hashlib
from pathlib import Path

import pytest
from werkzeug.test import Client

from marketplace.web.static_files import SOURCE, BrokenStatic, StaticFiles, build

HEADERS = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}
CSS = "body { color: #1f2933 }\n" * 40


def app(environ, start_response):
    start_response("404 NOT FOUND", [("X-Content-Type-Options", "nosniff"), ("X-App", "1")])
    return [b"none"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "css").mkdir(parents=True)
    (folder / "css/theme.css").write_text(CSS)
    (folder / "README.md").write_text("not served")
    return folder


def name_of(text: str) -> str:
    return f"css/theme.{hashlib.sha256(text.encode()).hexdigest()[:12]}.css"


def test_names_carry_the_hash_and_old_ones_stay(source: Path, tmp_path: Path):
    target = tmp_path / "built"
    assert build(source, target) == {"css/theme.css": name_of(CSS)}
    (source / "css/theme.css").write_text("p {}")
    assert build(source, target) == {"css/theme.css": name_of("p {}")}
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*.css*")) == sorted(
        name + end for name in (name_of(CSS), name_of("p {}")) for end in ("", ".gz")
    )
    assert gzip.decompress((target / f"{name_of(CSS)}.gz").read_bytes()) == CSS.encode()


def test_building_again_writes_nothing(source: Path, tmp_path: Path):
    build(source, tmp_path / "built")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "built").rglob("*")}
    build(source, tmp_path / "built")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "built").rglob("*")} == before


@pytest.mark.parametrize(
    "rule", ["a { background: url(b.png) }", 'a { src: url("/b") }', '@import "c.css";']
)
def test_a_style_sheet_naming_another_file_is_refused(source: Path, tmp_path: Path, rule: str):
    (source / "css/theme.css").write_text(rule)
    with pytest.raises(BrokenStatic, match=r"css/theme\.css"):
        build(source, tmp_path / "built")


def test_an_address_inside_the_sheet_is_allowed(source: Path, tmp_path: Path):
    (source / "css/theme.css").write_text('a { background: url("data:image/svg+xml,x") }')
    assert list(build(source, tmp_path / "built")) == ["css/theme.css"]


def test_files_are_served_for_ever_and_compressed(source: Path, tmp_path: Path):
    files = StaticFiles(tmp_path / "built", source)
    client = Client(files.wrap(app, HEADERS))
    plain = client.get(files.url("css/theme.css"), buffered=True)
    packed = client.get(
        files.url("css/theme.css"), headers={"Accept-Encoding": "gzip"}, buffered=True
    )
    assert (plain.status_code, plain.text) == (200, CSS)
    assert plain.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == CSS.encode()
    assert plain.headers["Content-Type"].startswith("text/css")
    assert "Access-Control-Allow-Origin" not in plain.headers


def test_every_answer_under_static_carries_the_headers(source: Path, tmp_path: Path):
    files = StaticFiles(tmp_path / "built", source)
    client = Client(files.wrap(app, HEADERS))
    url = files.url("css/theme.css")
    fresh = client.get(url, buffered=True)
    answers = {
        "200": fresh,
        "304": client.get(url, headers={"If-None-Match": fresh.headers["ETag"]}),
        "405": client.post(url),
        "404": client.get("/static/none.css"),
    }
    assert {code: str(answer.status_code) for code, answer in answers.items()} == {
        code: code for code in answers
    }
    for answer in answers.values():
        assert {name: answer.headers.getlist(name) for name in HEADERS} == {
            name: [value] for name, value in HEADERS.items()
        }


def test_other_addresses_are_left_to_the_application(source: Path, tmp_path: Path):
    client = Client(StaticFiles(tmp_path / "built", source).wrap(app, HEADERS))
    answer = client.get("/providers")
    assert (answer.status_code, answer.headers["X-App"]) == (404, "1")
    assert "Content-Security-Policy" not in answer.headers


def test_an_unknown_name_is_a_mistake(source: Path, tmp_path: Path):
    with pytest.raises(KeyError):
        StaticFiles(tmp_path / "built", source).url("css/none.css")


def test_own_scripts_stay_small_and_apart():
    scripts = {path.name: path.read_text() for path in (SOURCE / "js").glob("*.js")}
    # As they travel: 15 KB is the budget of a whole page, and no page has all of them.
    assert sum(len(gzip.compress(text.encode())) for text in scripts.values()) <= 15 * 1024
    # A module that imports another would name it without its hash.
    assert [name for name, text in scripts.items() if "import " in text.split("*/")[-1]] == []
