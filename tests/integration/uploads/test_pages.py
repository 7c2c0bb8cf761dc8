"""Files in forms and as answers: kept through errors, safe to fetch, invisible to others."""

import csv
import io
import socketserver
import struct
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Blueprint, redirect, render_template
from marshmallow import Schema, fields, validate
from PIL import Image
from sqlalchemy import select

from marketplace import create_app
from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import Provider, StoredFile
from marketplace.models.files import CLEAN, INFECTED, PENDING
from marketplace.phases import Role
from marketplace.services.files import files, files_upkeep
from marketplace.services.files.files import Change
from marketplace.services.uploads.scanner import Scanner
from marketplace.web import uploads
from marketplace.web.access import current_actor, signed_in
from marketplace.web.forms import form_data, load
from tests import factories
from tests.integration.uploads.conftest import LETTERS, PHOTOS
from tests.support import sample_files
from tests.support.browser_like import BrowserLike
from tests.support.forms import forms

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = "/a-form/{}"


class Form(Schema):
    title = fields.String(required=True, validate=validate.Length(min=2))


def a_form() -> Blueprint:
    """A page as later features build them."""
    blueprint = Blueprint("a_form", __name__, template_folder="templates")

    @blueprint.get("/a-form/<int:id_>")
    @signed_in
    def shown(id_: int):
        session = current_session()
        field = uploads.show(session, "letters", session.get(Provider, id_))
        return render_template("upload_form.html", errors={}, values={}, uploads={"letters": field})

    @blueprint.post("/a-form/<int:id_>")
    @signed_in
    def sent(id_: int):
        letters = uploads.posted("letters")
        session = current_session()
        provider = session.get_one(Provider, id_)
        try:
            provider.intro = load(Form(), form_data())["title"]
            letters.attach(session, current_actor(), provider, required=True)
        except Invalid as error:
            return uploads.again("upload_form.html", error, letters, subject=provider)
        return redirect("/", 303)

    return blueprint


@pytest.fixture
def app(settings):
    app = create_app(settings)
    app.register_blueprint(a_form())
    app.test_client_class = BrowserLike
    yield app
    app.extensions["database"].engine.dispose()


@pytest.fixture
def firm(database):
    with database.unit_of_work() as session:
        return factories.make_provider(session)


@pytest.fixture
def owner(firm, login_as):
    return login_as(Role.PROVIDER_OWNER, organisation=firm.organisation)


def pdf_file(name="授权书.pdf", content=None):
    return (io.BytesIO(sample_files.pdf() if content is None else content), name)


def standing(database, provider):
    with database.reading() as session:
        return [(row.name, row.version) for row in files.of(session, provider)]


def send(client, page, answer=None, *, only=None, **data):
    """Send the form of a page as a browser without scripts does, filled in with ``data``."""
    html = client.get(page).text if answer is None else answer.text
    form = next(form for form in forms(html, page) if "title" in form.fields)
    carried = {name: value for name, value in form.fields.items() if name in (only or form.fields)}
    plain = {name: value for name, value in carried.items() if not name.endswith("-drop")}
    plain = {name: value for name, value in plain.items() if "replace" not in name}
    plain.pop("letters", None)
    return client.post(page, data={**plain, **data}, content_type="multipart/form-data")


def test_an_upload_survives_an_error_of_the_form(database, firm, owner):
    page = PAGE.format(firm.id)
    wrong = send(owner, page, title="x", letters=pdf_file())
    assert wrong.status_code == 422
    assert "授权书.pdf" in wrong.text
    assert "已上传，提交后生效" in wrong.text
    assert standing(database, firm) == []
    right = send(owner, page, wrong, title="标题")
    assert right.status_code == 303
    assert standing(database, firm) == [("授权书.pdf", 1)]


def test_a_refused_file_is_named_and_the_rest_is_kept(database, firm, owner):
    page = PAGE.format(firm.id)
    two = [pdf_file("好.pdf"), pdf_file("坏.pdf", b"MZ this is a program")]
    answer = send(owner, page, title="标题", letters=two)
    assert answer.status_code == 422
    assert "坏.pdf：文件内容不是 PDF" in answer.text
    assert 'name="letters-kept"' in answer.text
    assert send(owner, page, answer, title="标题").status_code == 303
    assert standing(database, firm) == [("好.pdf", 1)]


def test_replace_and_remove_without_scripts(database, firm, owner):
    page = PAGE.format(firm.id)
    send(owner, page, title="标题", letters=[pdf_file("一.pdf"), pdf_file("二.pdf")])
    with database.reading() as session:
        first, second = sorted(row.id for row in files.of(session, firm))
    newer = {f"letters-replace-{first}": pdf_file("一改.pdf"), "letters-drop": str(second)}
    assert send(owner, page, title="标题", **newer).status_code == 303
    assert standing(database, firm) == [("一改.pdf", 2)]
    last = files.of(current(database), firm)[0].id
    none = send(owner, page, title="标题", **{"letters-drop": str(last)})
    assert (none.status_code, "请上传授权书" in none.text) == (422, True)


def current(database):
    return database.read_session()


def test_the_script_sends_a_file_while_the_form_is_open(database, firm, owner, login_as):
    said = owner.post("/uploads/letters", data={"file": pdf_file()})
    assert said.status_code == 200
    token = said.json["token"]
    assert f'name="letters-kept" value="{token}"' in said.json["item"]
    bad = owner.post("/uploads/letters", data={"file": pdf_file("a.pdf", b"MZ")})
    assert (bad.status_code, list(bad.json)) == (422, ["error"])
    assert owner.post("/uploads/nowhere", data={"file": pdf_file()}).status_code == 404
    data = {"title": "标题", "letters-kept": [token, "forged.token", token + "x"]}
    page = PAGE.format(firm.id)
    # The number in the token is worth nothing to anybody else.
    other = login_as(Role.PROVIDER_OWNER)
    assert other.post(page, data=data).status_code == 422
    assert owner.post(page, data=data).status_code == 303
    assert standing(database, firm) == [("授权书.pdf", 1)]


@pytest.fixture
def attached(database, firm, owner, hold):
    """Ids of a PDF, a photograph and a text, attached to the firm."""
    with database.unit_of_work() as session:
        actor = replace_actor(owner, firm)
        word = replace(LETTERS, types=("word",))
        rows = [
            hold(session, actor, "报价 50万.pdf", sample_files.pdf(2)),
            hold(session, actor, "=cmd.docx", sample_files.docx(), word),
        ]
        photo = hold(session, actor, "车间.jpg", sample_files.jpeg(), PHOTOS)
        files.attach(session, actor, firm, LETTERS, Change([row.id for row in rows]))
        files.attach(session, actor, firm, PHOTOS, Change([photo.id], alts={photo.id: "车间"}))
        return {"pdf": rows[0].id, "docx": rows[1].id, "jpg": photo.id}


def replace_actor(client, firm):
    from marketplace.permissions import Actor

    return Actor(
        role=Role.PROVIDER_OWNER, user_id=client.user.id, organisation_id=firm.organisation_id
    )


@on_sqlite
def test_s74_a_download_is_saved_and_cannot_act(attached, owner):
    answer = owner.get(f"/files/{attached['pdf']}")
    headers = {name: answer.headers[name] for name in (
        "Content-Disposition", "X-Content-Type-Options", "Content-Security-Policy",
        "Cache-Control", "Content-Type",
    )}  # fmt: skip
    assert headers == {
        "Content-Disposition": 'attachment; filename=" 50.pdf"; '
        "filename*=UTF-8''%E6%8A%A5%E4%BB%B7%2050%E4%B8%87.pdf",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store",
        "Content-Type": "application/pdf",
    }
    answer.close()


@on_sqlite
def test_s38_others_get_what_a_missing_file_gets(attached, firm, client, login_as):
    other = login_as(Role.PROVIDER_OWNER)
    for visitor in (other, client):
        for kind in ("pdf", "docx"):
            for tail in ("", "/view", "/picture", "/pages/1.png"):
                answer = visitor.get(f"/files/{attached[kind]}{tail}")
                missing = visitor.get(f"/files/99999{tail}")
                assert (answer.status_code, missing.status_code) == (404, 404), tail
                assert "报价" not in answer.text
        assert visitor.get("/files/of/nothing/1.zip").status_code == 404
    # Who may read one kind gets a ZIP of that kind, and no name of the others.
    answer = other.get(f"/files/of/providers/{firm.id}.zip")
    content = answer.data
    answer.close()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["01-车间.jpg", "清单.csv"]


@on_sqlite
def test_pictures_and_pages_are_shown_as_pictures(attached, owner):
    picture = owner.get(f"/files/{attached['jpg']}/picture")
    assert picture.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert picture.headers["Content-Disposition"].startswith("inline")
    picture.close()
    assert owner.get(f"/files/{attached['pdf']}/picture").status_code == 404
    view = owner.get(f"/files/{attached['pdf']}/view?page=2").text
    assert f'src="/files/{attached["pdf"]}/pages/2.png"' in view
    assert "第 2 页，共 2 页" in view
    page = owner.get(f"/files/{attached['pdf']}/pages/2.png")
    with Image.open(io.BytesIO(page.data)) as image:
        assert image.format == "PNG"
    assert owner.get(f"/files/{attached['pdf']}/view?page=3").status_code == 404
    assert "请下载后打开" in owner.get(f"/files/{attached['docx']}/view").text


@on_sqlite
def test_all_files_in_one_zip_with_a_list(attached, firm, owner):
    answer = owner.get(f"/files/of/providers/{firm.id}.zip")
    content = answer.data
    answer.close()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        rows = list(csv.reader(io.StringIO(archive.read("清单.csv").decode("utf-8-sig"))))
        assert archive.read(names[0]) == sample_files.pdf(2)
    assert names == ["01-报价 50万.pdf", "02-=cmd.docx", "03-车间.jpg", "清单.csv"]
    assert [row[2] for row in rows[1:]] == ["报价 50万.pdf", "'=cmd.docx", "车间.jpg"]


EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd(socketserver.StreamRequestHandler):
    """The scanner's side of INSTREAM."""

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        found = b"Eicar-Test-Signature FOUND" if EICAR in content else b"OK"
        self.wfile.write(b"stream: " + found + b"\0")


@contextmanager
def clamd():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"clamd://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def infected_pdf() -> bytes:
    def put(document) -> None:
        document.Root.Note = document.make_stream(EICAR)

    return sample_files.pdf(change=put, compress_streams=False)


@on_sqlite
def test_s75_what_the_scanner_finds_is_set_aside(app, settings, database, owner, storage):
    with clamd() as url:
        app.extensions["settings"] = replace(settings, scanner_url=url)
        clean = owner.post("/uploads/letters", data={"file": pdf_file()})
        found = owner.post("/uploads/letters", data={"file": pdf_file("a.pdf", infected_pdf())})
    assert (clean.status_code, found.status_code) == (200, 422)
    assert "病毒" in found.json["error"]
    with database.reading() as session:
        assert [row.scan for row in session.scalars(select(StoredFile))] == [CLEAN]
    assert len(list((storage.folder / "quarantine").iterdir())) == 1


@on_sqlite
def test_s75_nothing_is_served_before_the_scanner_saw_it(app, settings, database, owner, storage):
    app.extensions["settings"] = replace(settings, scanner_url="clamd:///nowhere/clamd.sock")
    for name, content in (("好.pdf", sample_files.pdf()), ("坏.pdf", infected_pdf())):
        said = owner.post("/uploads/letters", data={"file": pdf_file(name, content)})
        assert (said.status_code, "正在查毒" in said.json["item"]) == (200, True)
    with database.reading() as session:
        good, bad = (row.id for row in session.scalars(select(StoredFile).order_by(StoredFile.id)))
    assert owner.get(f"/files/{good}").status_code == 409
    away = Scanner("clamd:///nowhere/clamd.sock")
    assert files_upkeep.scan_waiting(database, storage, away) == 0
    with clamd() as url:
        assert files_upkeep.scan_waiting(database, storage, Scanner(url)) == 2
    answer = owner.get(f"/files/{good}")
    assert answer.status_code == 200
    answer.close()
    assert owner.get(f"/files/{bad}").status_code == 409
    with database.reading() as session:
        states = {row.name: row.scan for row in session.scalars(select(StoredFile))}
    assert states == {"好.pdf": CLEAN, "坏.pdf": INFECTED}
    assert PENDING not in states.values()
    assert "文件“坏.pdf”中发现病毒" in owner.get("/inbox?unread=1").text


@on_sqlite
def test_s76_uploads_are_counted_and_a_full_disk_says_so(owner, monkeypatch):
    import errno

    from marketplace import storage

    def full(*_):
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(storage.os, "fsync", full)
        answer = owner.post(
            "/uploads/letters", data={"file": pdf_file()}, headers={"Accept": "application/json"}
        )
        assert (answer.status_code, "空间不足" in answer.text) == (503, True)
    for _ in range(29):
        assert owner.post("/uploads/letters", data={"file": pdf_file("a.exe")}).status_code == 422
    assert owner.post("/uploads/letters", data={"file": pdf_file("a.exe")}).status_code == 429
