"""What robots read: JSON-LD of the pages, the map of the site, robots.txt; and where people ask."""

import json
import re
from html import unescape

from sqlalchemy import select

from marketplace.models import CaseStudy, Product, Provider
from marketplace.phases import OrganisationKind, StandingPhase
from tests import factories
from tests.support.pages import Page, find, text

BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.S)


def thing(answer) -> dict:
    """The one data block of a page."""
    [found] = BLOCK.findall(answer.text)
    return json.loads(found)


def test_a_provider_a_product_and_a_case_say_what_they_are(visitor, market, site):
    number = market.providers[0]
    url, name = f"http://localhost/providers/{number}", market.names[number]
    with site.extensions["database"].reading() as session:
        product = session.scalars(
            select(Product).where(Product.provider_id == number).order_by(Product.id)
        ).first()
        case = session.scalars(select(CaseStudy).where(CaseStudy.provider_id == number)).first()
        honours = session.get_one(Provider, number).honours
    short = {"@type": "Organization", "@id": url, "name": name, "url": url}

    found = thing(visitor.get(f"/providers/{number}"))
    offers = [(o["itemOffered"]["name"], o["itemOffered"]["url"]) for o in found.pop("makesOffer")]
    assert offers[0] == (product.name, f"http://localhost/products/{product.id}")
    assert len(offers) == 2
    assert found.pop("description")
    assert found == {
        "@context": "https://schema.org", **short, "foundingDate": "2008-01-15",
        "address": {"@type": "PostalAddress", "addressLocality": "市南区", "addressCountry": "CN"},
        "knowsAbout": found["knowsAbout"], **({"award": honours} if honours else {}),
    }  # fmt: skip
    assert found["knowsAbout"][0] == "汽车零部件及配件制造"

    found = thing(visitor.get(f"/products/{product.id}"))
    assert (found["@type"], found["softwareVersion"], found["provider"]) == (
        "SoftwareApplication", product.release, short,
    )  # fmt: skip
    assert found["offers"]["price"] == f"{product.pilot_price_cny:.2f}"
    assert found["offers"]["priceCurrency"] == "CNY"

    found = thing(visitor.get(f"/cases/{case.id}"))
    assert (found["@type"], found["headline"], found["author"], found["temporalCoverage"]) == (
        "Article", case.title, short, str(case.year),
    )  # fmt: skip


def test_texts_cannot_leave_the_block(database, client):
    """A name that would end the block, or begin markup, stays letters."""
    hostile = "</script><script>alert(1)</script><!--&\u2028"
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        provider = factories.make_provider(session, intro=hostile)
        factories.make_membership(session, round_, provider)
        product = factories.make_product(
            session, provider, name="甲", summary=hostile, modules_common=[hostile]
        )
        case = factories.make_case(session, provider, title=hostile, pains=hostile)
        paths = f"/providers/{provider.id}", f"/products/{product.id}", f"/cases/{case.id}"
    for path, field in zip(paths, ("description", "description", "headline"), strict=True):
        page = client.get(path)
        assert thing(page)[field] == hostile, path
        assert page.text.count("<script") == page.text.count("</script>")
        assert "<script>alert" not in page.text


def test_what_is_not_in_the_pool_is_not_told(database, client):
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        gone = factories.make_provider(session)
        factories.make_membership(session, round_, gone, phase=StandingPhase.EXITED)
        stays = factories.make_provider(session)
        factories.make_membership(session, round_, stays)
        kept = factories.make_product(session, stays, name="看得见")
        factories.make_product(session, stays, name="藏起来", hidden_at=kept.created_at,
                               hidden_reason="示例")  # fmt: skip
        ids = gone.id, stays.id
    assert BLOCK.findall(client.get(f"/providers/{ids[0]}").text) == []
    offers = thing(client.get(f"/providers/{ids[1]}"))["makesOffer"]
    assert [offer["itemOffered"]["name"] for offer in offers] == ["看得见"]


def test_the_map_for_robots_lists_what_is_public(visitor, market, site):
    answer = visitor.get("/sitemap.xml")
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    found = re.findall(r"<loc>([^<]+)</loc>", answer.text)
    paths = [unescape(url).removeprefix("http://localhost") for url in found]
    assert len(paths) == len(set(paths))
    assert {"/", "/providers", "/contact", f"/providers/{market.providers[0]}"} <= set(paths)
    for path in paths:
        assert visitor.get(path).status_code == 200, path
    private = [path for path in paths if path.startswith(("/work", "/admin", "/account", "/login"))]
    assert private == []


def test_the_map_leaves_out_who_left(database, client):
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        gone, stays = (factories.make_provider(session) for _ in range(2))
        factories.make_membership(session, round_, gone, phase=StandingPhase.EXITED)
        factories.make_membership(session, round_, stays)
        product = factories.make_product(session, gone)
        ids = gone.id, stays.id, product.id
    text_ = client.get("/sitemap.xml").text
    assert f"/providers/{ids[1]}<" in text_
    assert f"/providers/{ids[0]}<" not in text_
    assert f"/products/{ids[2]}<" not in text_


def test_robots_are_told_what_to_leave_alone(visitor):
    answer = visitor.get("/robots.txt")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    lines = answer.text.splitlines()
    assert lines[0] == "User-agent: *"
    assert lines[-1] == "Sitemap: http://localhost/sitemap.xml"
    closed = {line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow")}
    assert {"/work", "/admin", "/account", "/login"} <= closed
    assert "/" not in closed


def test_the_contact_page_has_a_window_for_every_district(database, client):
    with database.unit_of_work() as session:
        for code, name in (("370202", "市南区"), ("370203", "市北区")):
            factories.make_term(session, "district", code, name)
        for kind, district, name in (
            (OrganisationKind.LEAD_BUREAU, None, "测试主管部门"),
            (OrganisationKind.DISTRICT_OFFICE, "370203", "测试市北窗口"),
        ):
            factories.make_organisation(
                session, kind=kind.value, district=district, name=name, address=f"{name}地址"
            )
    page = Page(client.get("/contact"))
    city = text(page.one("section", id="city"))
    assert "测试主管部门" in city
    assert "测试主管部门地址" in city
    rows = find(page.one("section", id="windows"), "tr")[1:]
    assert [[text(cell) for cell in row][:3] for row in rows] == [
        ["市南区", "市南区民营经济（中小企业）主管部门", "请电话询问"],
        ["市北区", "测试市北窗口", "测试市北窗口地址"],
    ]
