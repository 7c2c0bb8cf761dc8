"""Imports beside people who edit: nobody's acknowledged edit is lost."""

import contextlib
import threading
import zipfile
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from marketplace import clock
from marketplace.errors import Conflict
from marketplace.models import ImportRow, Product
from marketplace.permissions import SYSTEM
from marketplace.services.accounts import holders
from marketplace.services.importing import applying, jobs, writing
from marketplace.services.importing.applying import Context
from marketplace.services.importing.holding import Holder
from marketplace.services.importing.jobs import Upload
from marketplace.services.importing.planning import Planner, Siblings
from marketplace.services.importing.targets import MASTER_SHEETS
from marketplace.services.importing.writing import Outdated
from tests.integration.importing import books
from tests.integration.importing.books import ALPHA, CIPHER


def staged(store, path) -> Context:
    """A checked file that is about to be applied."""
    upload = Upload(jobs.sha256_of(path), path.name)
    job = store.run(lambda session: jobs.create(session, SYSTEM, upload))
    assert jobs.check(store, SYSTEM, job.id, path).phase == "staged"
    store.run(lambda session: jobs.approve(session, SYSTEM, job.id))
    return jobs.context(store, SYSTEM, job.id, CIPHER)


def edit(session, product, text):
    product.summary = text
    product.edited_fields = {"summary": {"by": "city_officer", "at": clock.now().isoformat()}}


def test_a_plan_that_is_out_of_date_writes_nothing(store, book, tmp_path):
    books.load(store, book)
    rows = books.small()
    for row in rows["products"]:
        row["summary"] = "文件中的新介绍"
    context = staged(store, books.write(store, tmp_path / "二.xlsx", rows))
    with store.reading() as session:
        given = applying.sources(session, context.job.id, MASTER_SHEETS, [ALPHA], None)
        plan = Planner(session, CIPHER, Siblings()).plan(given)
    with store.unit_of_work() as session:
        edit(session, session.scalars(select(Product).order_by(Product.id)).first(), "人工")

    with pytest.raises(Outdated), store.unit_of_work() as session:
        writing.carry_out(session, SYSTEM, context.job, plan, CIPHER)

    with store.reading() as session:
        texts = session.scalars(select(Product.summary).order_by(Product.id)).all()
        assert texts[:2] == ["人工", "注塑车间的计划和报工"]
        phases = set(session.scalars(select(ImportRow.phase)))
        assert phases == {"valid"}

    done = jobs.apply(context)

    assert done.summary["products"] == {"applied": 2, "unchanged": 1, "kept": 1}
    with store.reading() as session:
        texts = session.scalars(select(Product.summary).order_by(Product.id)).all()
        assert texts == ["人工", "文件中的新介绍", "文件中的新介绍"]


def test_edits_made_during_an_import_are_kept(store, tmp_path):
    first = books.small(products=[books.product(ALPHA, f"产品{n}") for n in range(60)])
    books.load(store, books.write(store, tmp_path / "一.xlsx", first))
    for row in first["products"]:
        row["summary"], row["pilot_price_cny"] = "文件中的新介绍", Decimal("1.00")
    context = staged(store, books.write(store, tmp_path / "二.xlsx", first))
    acknowledged: dict[int, str] = {}
    stop = threading.Event()

    def edit_now_and_then():
        number = 0
        while not stop.is_set() or number < 5:
            number += 1
            id_ = number * 7 % 60 + 1
            text = f"第{number}次人工修改"
            # Who loses the race against the import gets a 409 page and nothing is acknowledged.
            with contextlib.suppress(StaleDataError):
                store.run(lambda s, i=id_, t=text: edit(s, s.get_one(Product, i), t))
                acknowledged[id_] = text

    writer = threading.Thread(target=edit_now_and_then)
    writer.start()
    done = jobs.apply(context)
    stop.set()
    writer.join()

    assert "failed" not in done.summary["products"]
    with store.reading() as session:
        rows = {row.id: row for row in session.scalars(select(Product))}
    assert acknowledged
    assert {id_: rows[id_].summary for id_ in acknowledged} == acknowledged
    assert {row.pilot_price_cny for row in rows.values()} == {Decimal("1.00")}


def test_a_product_entered_meanwhile_is_updated_and_not_doubled(store, book):
    context = staged(store, book)
    with store.reading() as session:
        given = applying.sources(session, context.job.id, MASTER_SHEETS, [ALPHA], None)
    organisations = [row for row in given if row.sheet == "organisations"]
    with store.reading() as session:
        plan = Planner(session, CIPHER, Siblings()).plan(organisations)
    with store.unit_of_work() as session:
        writing.carry_out(session, SYSTEM, context.job, plan, CIPHER)
        provider = next(row for row in plan.made if row.target.name == "providers")
        session.add(
            Product(
                provider_id=provider.id, name="甲衡 MES", release="V3.0", category="mes",
                summary="别人刚录入",
            )
        )  # fmt: skip

    done = jobs.apply(context)

    assert "failed" not in done.summary["products"]
    with store.reading() as session:
        query = select(Product.summary).where(Product.name == "甲衡 MES", Product.release == "V3.0")
        assert session.scalars(query).all() == ["注塑车间的计划和报工"]


def test_a_value_the_database_refuses_fails_its_row_alone(store, book):
    """The checks know every constraint; should one be missed, the other rows still arrive."""
    context = staged(store, book)
    with store.unit_of_work() as session:
        row = session.scalars(
            select(ImportRow).where(ImportRow.sheet == "products").order_by(ImportRow.id)
        ).first()
        row.data = {**row.data, "typical_days": 0}

    done = jobs.apply(context)

    assert done.summary["products"] == {"applied": 2, "failed": 1}
    assert done.summary["cases"] == {"applied": 2}
    [(place, text)] = books.errors(store, done).items()
    assert place == ("products", 2)
    assert "ck_products_days_positive" in text


def test_one_import_at_a_time(store):
    one, two = Holder(store), Holder(store)
    one._name = "elsewhere:1:1"  # another machine, whose processes cannot be asked after
    one.take()
    with pytest.raises(Conflict) as refusal:
        two.take(wait_seconds=0.3)
    assert refusal.value.message == "另一个导入正在进行"
    one.release()
    two.take(wait_seconds=0.3)
    two.release()


def test_the_lease_of_a_killed_process_is_taken_at_once(store):
    dead, alive = Holder(store), Holder(store)
    dead._name = f"{holders.me().rpartition(':')[0]}:{2**22 + 1}"  # no process has this number
    dead.take()
    alive.take(wait_seconds=1)
    alive.release()


def test_the_template_has_drop_downs_and_notes(store, tmp_path):
    path = books.write(store, tmp_path / "模板.xlsx", {})
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        products = archive.read("xl/worksheets/sheet5.xml").decode()
        assert len(sheets) == 9
    assert products.count('type="list"') == 2  # category and pricing model
    assert 'promptTitle="版本"' in products
    assert "必填" in products
