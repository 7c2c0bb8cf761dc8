"""Quick find of staff: pages and things by name, each as far as the person may read."""

import pytest

from marketplace.phases import ProjectPhase, Role
from tests import factories
from tests.support.pages import Page
from tests.support.statements import asked

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def things(database):
    """A provider with a product, a case and a project, and the desk of another district."""
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        firm = factories.make_organisation(session, name="青岛澜图智造有限公司")
        provider = factories.make_provider(session, firm)
        place = factories.make_membership(session, round_, provider)
        factories.make_product(session, provider).name = "澜图排产软件"
        client = factories.make_organisation(session, kind="enterprise", district="370212")
        project = factories.make_project(session, place, client, phase=ProjectPhase.RUNNING)
        project.title = "澜图注塑车间改造"
        other = factories.make_organisation(session, kind="district_office", district="370202")
        session.flush()
        return provider.id, project.id, other


def links(answer) -> list[tuple[str, str]]:
    page = Page(answer)
    return [(item.get("href"), "".join(item.itertext())) for item in page.all("a", "found-item")]


def test_pages_and_things_are_found_with_a_constant_number_of_queries(things, login_as, database):
    provider, project, _ = things
    officer = login_as(Role.CITY_OFFICER)
    path = "/work/find?q=澜图&part=1"
    assert asked(officer, path) == 6
    found = links(officer.get(path))
    assert [url for url, _ in found if "organisations" not in url] == [
        f"/work/providers/{provider}", f"/work/projects/{project}", f"/work/providers/{provider}",
    ]  # fmt: skip
    assert "青岛澜图智造有限公司" in found[0][1]
    with database.unit_of_work() as session:
        for number in range(30):
            factories.make_provider(
                session, factories.make_organisation(session, name=f"澜图第{number}分公司")
            )
    assert asked(officer, path) == 6
    many = links(officer.get(path))
    assert sum(url.startswith("/work/providers/") for url, _ in many) == 6
    assert links(officer.get("/work/find?q=日历")) == [("/work/calendar", "工作日历数据")]
    assert links(officer.get("/work/find?q=100%")) == []
    assert "没有找到“没有这个”" in Page(officer.get("/work/find?q=没有这个")).main
    assert officer.get("/work/find?q=" + "长" * 61).status_code == 422


def test_a_district_finds_what_it_may_read_and_others_are_turned_away(things, login_as):
    _, project, desk = things
    district = login_as(Role.DISTRICT_REVIEWER, organisation=desk)
    urls = [url for url, _ in links(district.get("/work/find?q=澜图"))]
    assert f"/work/projects/{project}" not in urls
    assert login_as(Role.PROVIDER_OWNER).get("/work/find?q=澜图").status_code == 403
