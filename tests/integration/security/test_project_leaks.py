"""What two firms agreed stays between them and their desks: marked words (S38, S45)."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from marketplace.models import (
    Acceptance,
    ChangeNotice,
    Dispute,
    Milestone,
    Project,
    Provider,
    StoredFile,
)
from tests import factories
from tests.support.routes import safe
from tests.support.world import ANONYMOUS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

STRANGERS = (
    ANONYMOUS, "no_role", "enterprise_other", "provider_owner_other", "district_reviewer_other",
    "expert", "third_party",
)  # fmt: skip
FRIENDS = ("provider_owner", "enterprise", "district_reviewer", "city_officer")
MARK = "紫貂松针"
PRICE = Decimal("31415926.00")
PRICES = ("31415926", "3,141.59", "3141.59")


def plant(session, world) -> None:
    """Marked words in every text of a project that is not public."""
    project = session.get_one(Project, world.ids["project_id"])
    provider = session.get_one(Provider, project.provider_id)
    project.provider = provider
    factories.make_project_parts(session, project)
    session.flush()
    project.title, project.contract_no = f"{MARK}改造", f"{MARK}-1"
    project.common_modules, project.custom_modules = [f"{MARK}模块"], [f"{MARK}定制"]
    project.subcontractors = [{"name": f"{MARK}分包", "uscc": factories.uscc()}]
    project.contract_price_cny = project.list_price_cny = PRICE
    for model, column in (
        (Milestone, "name"), (Milestone, "note"), (ChangeNotice, "reason"),
        (Acceptance, "summary"), (Dispute, "subject"), (Dispute, "text"),
    ):  # fmt: skip
        for row in session.scalars(select(model)):
            setattr(row, column, f"{MARK}文字")
    session.add(
        StoredFile(
            sha256="2" * 64, name=f"{MARK}.pdf", media_type="application/pdf", size=1,
            purpose="contract_scan", subject_type="projects", subject_id=project.id,
        )
    )  # fmt: skip


def seen(client, world, app) -> list[str]:
    pages = ((rule.rule, client.get(world.path(rule))) for rule in safe(app))
    return [
        rule for rule, page in pages if any(word.encode() in page.data for word in (MARK, *PRICES))
    ]


@pytest.mark.timeout(300)
def test_s45_words_of_a_contract_are_on_no_page_of_others(app, world, cast, database):
    with database.unit_of_work() as session:
        plant(session, world)
    assert {name: seen(cast(name), world, app) for name in STRANGERS} == {
        name: [] for name in STRANGERS
    }
    for name in FRIENDS:
        assert seen(cast(name), world, app) != [], name


@pytest.mark.timeout(300)
def test_s38_ids_of_others_change_nothing(app, world, cast, database):
    paths = [
        f"/{centre}/projects/{world.ids['project_id']}{rest}"
        for centre in ("p", "me", "work")
        for rest in (
            "/steps/apply", f"/milestones/{world.ids['part_id']}/confirm", "/new/dispute",
            "/new/rating", "/new/evaluator",
        )
    ]  # fmt: skip
    data = {"form_key": "0123456789abcdefghij", "version": "1", "reason": "改", "subject": "改",
            "text": "改", "uscc": factories.uscc()}  # fmt: skip
    for name in STRANGERS:
        client = cast(name)
        answers = {path: client.post(path, data=data).status_code for path in paths}
        assert set(answers.values()) <= {302, 401, 403, 404}, (name, answers)
    with database.reading() as session:
        assert session.scalars(select(Dispute.id)).all() == []
        assert [row.phase for row in session.scalars(select(Milestone))] == ["done"]
