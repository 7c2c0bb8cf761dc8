"""What two firms agreed is changed by nobody else (S38); that nobody sees it: ``watching``."""

import pytest
from sqlalchemy import select

from marketplace.models import Dispute, Milestone
from tests import factories
from tests.integration.security.watching import STRANGERS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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
