"""Repeating an import changes nothing; what people edited stays theirs."""

from decimal import Decimal

from sqlalchemy import select

from marketplace import clock
from marketplace.db import Base
from marketplace.models import Event, Organisation, OutboxItem, Product, Provider
from tests.integration.importing import books
from tests.integration.importing.books import ALPHA, CIPHER

OF_IMPORTS = ("import_jobs", "import_rows", "leases")


def everything(database):
    """All rows of all tables but the bookkeeping of imports themselves."""
    with database.reading() as session:
        found = {
            table.name: session.execute(select(table).order_by(*table.primary_key)).all()
            for table in Base.metadata.sorted_tables
            if table.name not in OF_IMPORTS
        }
        found["events"] = [row for row in found["events"] if row.subject_type != "import_jobs"]
        return found


def edit(database, name, **values):
    """As staff edit a product: new values, and which fields are theirs from now on."""
    with database.unit_of_work() as session:
        row = session.scalars(select(Product).where(Product.name == name)).first()
        for field, value in values.items():
            setattr(row, field, value)
        stamp = {"by": "city_officer", "at": clock.now().isoformat()}
        row.edited_fields = dict.fromkeys(values, stamp)


def one_product(session, name, release):
    query = select(Product).where(Product.name == name, Product.release == release)
    return session.scalars(query).one()


def test_a_second_import_of_the_same_file_changes_nothing(store, book):
    books.load(store, book)
    before = everything(store)

    job = books.load(store, book)

    assert job.summary == {
        "organisations": {"unchanged": 3},
        "affiliates": {"unchanged": 1},
        "products": {"unchanged": 3},
        "cases": {"unchanged": 2},
        "people": {"unchanged": 2},
        "memberships": {"unchanged": 2},
        "candidacies": {"unchanged": 1},
    }
    assert everything(store) == before


def test_a_changed_cell_changes_one_row(store, book, tmp_path):
    books.load(store, book)
    before = everything(store)
    rows = books.small()
    rows["products"][0]["pilot_price_cny"] = Decimal("88000.00")

    job = books.load(store, books.write(store, tmp_path / "二.xlsx", rows))

    assert job.summary["products"] == {"applied": 1, "unchanged": 2}
    after = everything(store)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"products", "events", "outbox", "price_points"}
    [point] = after["price_points"][len(before["price_points"]) :]
    assert (point.pilot_price_cny, point.by_role) == (Decimal("88000.00"), "system")
    old, new = before["products"][0], after["products"][0]
    assert (new.pilot_price_cny, new.version) == (Decimal("88000.00"), old.version + 1)
    assert after["products"][1:] == before["products"][1:]
    [event] = after["events"][len(before["events"]) :]
    assert (event.action, event.subject_type, event.subject_id, event.diff) == (
        "import_update", "products", new.id, {"pilot_price_cny": ["98000.00", "88000.00"]},
    )  # fmt: skip
    [queued] = after["outbox"][len(before["outbox"]) :]
    assert queued.key == f"product/{new.id}"


def test_fields_that_people_edited_are_kept_and_reported(store, book, tmp_path):
    books.load(store, book)
    edit(store, "乙辰 WMS", summary="人工改写的介绍", typical_days=45)
    rows = books.small()
    rows["products"][2]["summary"] = "文件中的新介绍"
    rows["products"][2]["after_sales"] = "五天八小时"

    job = books.load(store, books.write(store, tmp_path / "二.xlsx", rows))

    assert job.summary["products"] == {"applied": 1, "unchanged": 2, "kept": 1}
    assert books.errors(store, job) == {("products", 4): "已保留人工修改：一句话介绍、典型实施天数"}
    with store.reading() as session:
        row = session.scalars(select(Product).where(Product.name == "乙辰 WMS")).one()
        assert (row.summary, row.typical_days, row.after_sales) == (
            "人工改写的介绍", 45, "五天八小时",
        )  # fmt: skip


def test_an_edited_field_that_equals_the_file_is_not_worth_a_word(store, book):
    books.load(store, book)
    edit(store, "乙辰 WMS", typical_days=30)

    job = books.load(store, book)

    assert job.summary["products"] == {"unchanged": 3}


def test_what_is_hidden_stays_hidden(store, book, tmp_path):
    books.load(store, book)
    with store.unit_of_work() as session:
        row = session.scalars(select(Product).where(Product.name == "乙辰 WMS")).one()
        row.hidden_at, row.hidden_reason = clock.now(), "内容核实中"
    rows = books.small()
    rows["products"][2]["summary"] = "文件中的新介绍"

    books.load(store, books.write(store, tmp_path / "二.xlsx", rows))

    with store.reading() as session:
        row = session.scalars(select(Product).where(Product.name == "乙辰 WMS")).one()
        assert row.hidden_at is not None
        assert (row.hidden_reason, row.summary) == ("内容核实中", "文件中的新介绍")


def test_keys_are_compared_without_width_and_case(store, book, tmp_path):
    books.load(store, book)
    rows = books.small()
    rows["products"][0]["name"] = "甲衡 ｍｅｓ"

    job = books.load(store, books.write(store, tmp_path / "二.xlsx", rows))

    assert job.summary["products"] == {"applied": 1, "unchanged": 2}
    with store.reading() as session:
        names = session.scalars(select(Product.name).order_by(Product.id)).all()
        assert names == ["甲衡 ｍｅｓ", "甲衡 MES", "乙辰 WMS"]


def test_an_empty_cell_empties_and_a_missing_column_leaves_alone(store, book, tmp_path):
    books.load(store, book)
    rows = books.small(products=[books.product(ALPHA, "甲衡 MES", summary="", ip_no="")])
    emptied = books.write(store, tmp_path / "空.xlsx", rows)

    books.load(store, emptied)

    with store.reading() as session:
        row = one_product(session, "甲衡 MES", "V3.0")
        assert (row.summary, row.ip_no, row.description) == (
            "", "", books.SMALL["products"][0]["description"],
        )  # fmt: skip
    columns = {"产品": ["服务商统一社会信用代码", "产品名称", "版本", "产品类别", "典型实施天数"]}
    narrow = books.raw(
        tmp_path / "窄.xlsx", columns, {"产品": [[ALPHA, "甲衡 MES", "V3.0", "MES", 21]]}
    )

    job = books.load(store, narrow)

    assert job.summary == {"products": {"applied": 1}}
    with store.reading() as session:
        row = one_product(session, "甲衡 MES", "V3.0")
        assert (row.typical_days, row.description, row.scenes) == (
            21, books.SMALL["products"][0]["description"], ["production_control", "planning"],
        )  # fmt: skip


def test_a_phone_number_never_stands_in_the_history(store, book, tmp_path):
    books.load(store, book)
    rows = books.small()
    rows["organisations"][0]["contact_phone"] = "0532-0000 9999"

    job = books.load(store, books.write(store, tmp_path / "二.xlsx", rows))

    assert job.summary["organisations"] == {"applied": 1, "unchanged": 2}
    with store.reading() as session:
        event = session.scalars(select(Event).order_by(Event.id.desc())).first()
        assert (event.subject_type, event.diff) == ("providers", {"contact_phone": ["***", "***"]})
        profile = session.scalars(
            select(Provider).join(Organisation).where(Organisation.uscc == ALPHA)
        ).one()
        place = f"providers.contact_phone:{profile.id}"
        assert CIPHER.open(profile.contact_phone_encrypted, place) == "0532-0000 9999"


def test_a_new_name_of_an_organisation_reaches_the_index(store, book, tmp_path):
    books.load(store, book)
    rows = books.small()
    rows["organisations"][0]["name"] = "青岛甲衡科技有限公司"

    books.load(store, books.write(store, tmp_path / "二.xlsx", rows))

    with store.reading() as session:
        row = session.scalars(select(Organisation).where(Organisation.uscc == ALPHA)).one()
        last = session.scalars(select(OutboxItem.key).order_by(OutboxItem.id.desc())).first()
        assert (row.name, row.version, last) == (
            "青岛甲衡科技有限公司", 2, f"organisation/{row.id}",
        )  # fmt: skip
