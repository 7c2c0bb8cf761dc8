"""Template → filled → imported → the database holds exactly what was written."""

from sqlalchemy import func, select

from marketplace.models import (
    Affiliation,
    Candidacy,
    CaseStudy,
    Event,
    ImportRow,
    Membership,
    Organisation,
    OutboxItem,
    Person,
    Product,
    Provider,
)
from marketplace.schemas.import_columns import BY_CODE
from marketplace.services.pool import contacts
from tests.integration.importing import books
from tests.integration.importing.books import ALPHA, BETA, CIPHER, GAMMA


def stored(session, model, sheet):
    """The rows of a table as the workbook would give them."""
    names = [column.name for column in BY_CODE[sheet].columns if column.name != "uscc"]
    codes = select(Provider.id, Organisation.uscc).join(Organisation)
    owners = dict(session.execute(codes).all())
    rows = session.scalars(select(model).order_by(model.id))
    return [
        {"uscc": owners[row.provider_id], **{name: getattr(row, name) for name in names}}
        for row in rows
    ]


def test_the_database_holds_what_the_workbook_said(store, book):
    job = books.load(store, book)

    assert job.summary == {
        "organisations": {"applied": 3},
        "affiliates": {"applied": 1},
        "products": {"applied": 3},
        "cases": {"applied": 2},
        "people": {"applied": 2},
        "memberships": {"applied": 2},
        "candidacies": {"applied": 1},
    }
    with store.reading() as session:
        assert stored(session, Product, "products") == books.SMALL["products"]
        assert stored(session, CaseStudy, "cases") == books.SMALL["cases"]
        assert stored(session, Person, "people") == books.SMALL["people"]
        assert session.scalar(select(func.count()).select_from(ImportRow)) == 0


def test_organisations_and_profiles(store, book):
    books.load(store, book)

    with store.reading() as session:
        rows = {row.uscc: row for row in session.scalars(select(Organisation))}
        profiles = {row.organisation_id: row for row in session.scalars(select(Provider))}
        assert set(rows) == {ALPHA, BETA, GAMMA}
        assert set(profiles) == {rows[ALPHA].id, rows[BETA].id}
        given = books.SMALL["organisations"][0]
        profile = profiles[rows[ALPHA].id]
        for name in set(given) - {"contact_phone"}:
            owner = rows[ALPHA] if hasattr(rows[ALPHA], name) else profile
            assert getattr(owner, name) == given[name], name
        sealed = profile.contact_phone_encrypted
        assert CIPHER.open(sealed, contacts.place(profile.id)) == "0532-0000 1234"
        assert profiles[rows[BETA].id].contact_phone_encrypted is None
        link = session.scalars(select(Affiliation)).one()
        assert (link.organisation_id, link.affiliate_id, link.relation) == (
            rows[BETA].id, rows[GAMMA].id, "parent",
        )  # fmt: skip


def test_members_and_candidates(store, book):
    books.load(store, book)

    with store.reading() as session:
        found = session.scalars(select(Membership).order_by(Membership.id)).all()
        assert [(row.segment, row.phase, str(row.listed_on)) for row in found] == [
            ("home_appliance", "listed", "2024-03-01"),
            ("auto_parts", "warned", "2024-03-01"),
        ]
        candidate = session.scalars(select(Candidacy)).one()
        assert (candidate.phase, str(candidate.score), candidate.rank) == ("reserve", "81.50", 1)


def test_every_change_is_explained_and_queued(store, book):
    books.load(store, book)

    with store.reading() as session:
        alpha = session.scalars(select(Organisation).where(Organisation.uscc == ALPHA)).one()
        events = session.scalars(
            select(Event).where(Event.subject_type == "organisations", Event.subject_id == alpha.id)
        ).all()
        assert [(event.action, event.reason) for event in events] == [
            ("import_create", "导入文件“小.xlsx”（第1次导入）")
        ]
        assert {table: len(ids) for table, ids in events[0].diff.items()} == {
            "organisations": 1, "providers": 1, "products": 2, "cases": 1, "people": 2,
        }  # fmt: skip
        queued = set(session.scalars(select(OutboxItem.key)))
        products = set(session.scalars(select(Product.id)))
        cases = set(session.scalars(select(CaseStudy.id)))
        assert {f"product/{id_}" for id_ in products} | {f"case/{id_}" for id_ in cases} <= queued
