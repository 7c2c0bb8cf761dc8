"""Certificates: a PDF while the place stands, and a page that says whether it does (F-P19)."""

from datetime import date, timedelta
from urllib.parse import unquote

import pypdfium2
import pytest
import segno
from PIL import Image

from marketplace import clock
from marketplace.models import Membership
from marketplace.phases import Role, StandingPhase
from marketplace.services.documents import fonts
from marketplace.services.pool import certificates
from tests import factories
from tests.support.pages import Page
from tests.support.pdfs import embedded

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

QUIET, SCALE = 4, 4
"""Modules of white around a code, and dots of a module, as it is looked at here."""


@pytest.fixture
def place(database, settings) -> tuple[int, str]:
    """Id and number of a listed place."""
    with database.unit_of_work() as session:
        round_ = factories.make_round(session, label="第一批")
        row = factories.make_membership(session, round_, factories.make_provider(session))
        return row.id, certificates.number(settings.secret_key, row.id)


def change(database, id_: int, **values) -> Membership:
    with database.unit_of_work() as session:
        row = session.get_one(Membership, id_)
        for name, value in values.items():
            setattr(row, name, value)
        return row


def looked_at(content: bytes) -> tuple[str, Image.Image]:
    """The text of a one-page PDF, and its picture at 4 dots a point."""
    with pypdfium2.PdfDocument(content) as document:
        assert len(document) == 1
        page = document[0]
        text = page.get_textpage()
        words = text.get_text_range()
        picture = page.render(scale=4).to_pil().convert("L")
        text.close()
        page.close()
    return words, picture


def modules(picture: Image.Image, size: int) -> list[list[bool]]:
    """The code as a camera sees it: the dark square in the lower left, cut into its modules."""
    width, height = picture.size
    corner = picture.crop((0, height * 7 // 10, width // 3, height * 83 // 100))
    inner = corner.crop((width // 12, 0, *corner.size)).point(lambda dot: 255 * (dot < 128))
    code = inner.crop(inner.getbbox())
    step = code.size[0] / size
    return [
        [code.getpixel((int((x + 0.5) * step), int((y + 0.5) * step))) > 0 for x in range(size)]
        for y in range(size)
    ]


def test_while_the_place_stands_anybody_gets_the_paper(place, client, login_as, database, settings):
    _, number = place
    page = client.get("/certificates", query_string={"number": number}).text
    file, picture = f"/certificates/{number}.pdf", f"/certificates/{number}.svg"
    assert f'href="{file}"' in page and f'src="{picture}"' in page
    with database.reading() as session:
        found = certificates.check(session, settings.secret_key, number)
        name, firm = found.membership.provider.organisation.name, found.membership.provider
        organisation = firm.organisation
    assert file in login_as(Role.PROVIDER_VIEWER, organisation=organisation).get("/p/badge").text
    answer = client.get(file.lower())
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/pdf", "no-store")
    assert unquote(answer.headers["Content-Disposition"]).endswith(
        f"{name} 青岛推荐服务商证书 {number}.pdf"
    )
    words, drawn = looked_at(answer.data)
    flat = "".join(words.split())
    for label, text in found.facts:
        assert label in flat and text.replace(" ", "") in flat, label
    assert dict(found.facts)["有效期"] == "通知未规定期限" and "评价等级" not in dict(found.facts)
    assert found.digest in flat and found.digest in page
    if fonts.installed() is not None:
        address = f"{settings.base_url.rstrip('/')}/certificates?number={number}"
        code = segno.make(address, error="m", micro=False)
        expected = [[bool(cell) for cell in row] for row in code.matrix]
        assert modules(drawn, len(expected)) == expected
        assert set(embedded(answer.data).values()) == {True}
    drawn_code = client.get(picture)
    assert drawn_code.mimetype == "image/svg+xml"
    assert "notice-ok" in page and "notice-warn" not in page
    assert drawn_code.text == certificates.qr(
        f"{settings.base_url.rstrip('/')}/certificates?number={number}"
    )


def test_a_place_that_does_not_stand_gives_no_paper_and_the_page_says_since_when_and_why(
    place, client, database
):
    id_, number = place
    yesterday = clock.today() - timedelta(days=1)
    since = clock.beijing(clock.now()).date()
    change(database, id_, state="warned", phase=StandingPhase.WARNED.value)
    page = client.get("/certificates", query_string={"number": number}).text
    assert "notice-warn" in page and "有效，状态为“在池（警告）”" in page and ".pdf" in page
    suspended = {
        "state": "suspended", "phase": StandingPhase.SUSPENDED.value,
        "public_reason": "检查发现问题", "state_since": clock.now(),
    }  # fmt: skip
    removed = {
        "state": "removed", "phase": StandingPhase.EXITED.value, "exited_on": date(2026, 3, 2),
        "public_reason": "定期检查不合格",
    }  # fmt: skip
    listed = {"state": "listed", "phase": StandingPhase.LISTED.value, "valid_until": yesterday}
    for values, told in (
        (listed, f"{certificates.written(clock.today())}起有效期已过"),
        (listed | suspended, f"{certificates.written(since)}起已暂停"),
        (removed, "2026年3月2日起已退出（移出）"),
    ):
        change(database, id_, **values)
        shown = client.get("/certificates", query_string={"number": number})
        page = Page(shown)
        assert told in page.main and "不再有效" in page.main
        assert values.get("public_reason", "") in page.main
        assert f"{number}.pdf" not in shown.text and f"{number}.svg" in shown.text
        refused = client.get(f"/certificates/{number}.pdf")
        assert (refused.status_code, refused.mimetype) == (404, "text/html")
    for wrong in (f"{id_}-0000000000", f"{id_ + 1}{number[1:]}", "x"):
        assert client.get(f"/certificates/{wrong}.pdf").status_code == 404
        assert client.get(f"/certificates/{wrong}.svg").status_code == 404


def test_without_a_font_the_paper_still_comes_and_readiness_says_so(
    place, client, database, settings, monkeypatch
):
    monkeypatch.setattr(fonts, "MAIN", ())
    fonts.installed.cache_clear()
    try:
        answer = client.get(f"/certificates/{place[1]}.pdf")
        with database.reading() as session:
            found = certificates.check(session, settings.secret_key, place[1])
            bare, _ = looked_at(certificates.pdf(found, "http://localhost/", demo=True))
        said = client.get("/readyz").get_json()["fonts"]
    finally:
        fonts.installed.cache_clear()
    words, _ = looked_at(answer.data)
    assert certificates.DEMO in bare and certificates.DEMO not in words
    assert place[1] in words and set(embedded(answer.data).values()) == {False}
    assert said == "no Chinese font: install fonts-noto-cjk"


def test_the_term_is_the_programmes_own(database, settings):
    terms = {}
    with database.unit_of_work() as session:
        for name in ("cq-2013", "lc-2021"):
            round_ = factories.make_round(session, name)
            programme = round_.programme
            row = factories.make_membership(
                session, round_, factories.make_provider(session), type=programme.types[0].id,
                segment=programme.segments[0].id,
                valid_until=date(2099, 2, 28) if programme.validity.years else None,
            )  # fmt: skip
            number = certificates.number(settings.secret_key, row.id)
            found = certificates.check(session, settings.secret_key, number)
            terms[name] = (found.name, found.term, found.valid)
            # The words of the paper are what the digest holds together.
            before = found.digest
            row.provider.organisation.name += "（改）"
            assert found.digest != before
    assert terms == {
        "cq-2013": ("重庆信息化平台证书", "每三年复核合格即继续有效", True),
        "lc-2021": ("聊城示范平台证书", "至2099年2月28日", True),
    }
