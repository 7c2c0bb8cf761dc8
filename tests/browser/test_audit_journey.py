"""J10 as a person clicks it: from the list of those who left to the evidence of one removal."""

import hashlib
import json
import re
import zipfile

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from marketplace.models import Membership
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.audit import why
from marketplace.web import why_words
from tests.browser.demo import VISITOR, Demo
from tests.browser.looks import problems

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("crawl")]  # its demo serves

DESK = {"width": 1280, "height": 800}
NO_CLAUSE = ("scheme", "data")
"""Opening a round and keeping a profile decide nothing about a place."""


def test_j10_an_auditor_reconstructs_a_removal(demo: Demo, browser: Browser):
    with demo.sign_in(browser, "auditor", viewport=DESK) as context:
        page = context.pages[0]
        page.goto("/work/memberships?phase=exited")
        gone = page.get_by_role("row").filter(has_text="已移出").first
        gone.get_by_role("rowheader").get_by_role("link").click()
        page.get_by_role("link", name="为什么", exact=True).click()
        page.get_by_role("link", name=re.compile("暂停与退出")).click()
        steps = page.locator(".why-steps > li")
        end = steps.filter(has_text="暂停 → 已移出")
        expect(end).to_contain_text("实行动态管理及退出机制")
        expect(end).to_contain_text("青民发字〔2024〕1号，版本")
        # Each bureau with its opinion, the letter, the term and how it was counted.
        opinions = steps.filter(has_text="提出部门意见")
        expect(opinions).to_have_count(3)
        opinions.first.locator("summary").click()
        expect(opinions.first.locator("details")).to_contain_text("同意移出")
        expect(steps.filter(has_text="《移出决定书》")).to_have_count(1)
        expect(steps.filter(has_text="次日起5个工作日").first).to_contain_text("24:00")
        assert problems(page) == []
        page.get_by_role("link", name="证据包").click()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="下载证据包").click()
        with zipfile.ZipFile(waiting.value.path()) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            hashes = {
                name: hashlib.sha256(archive.read(name)).hexdigest()
                for name in archive.namelist()
                if name != "manifest.json"
            }
        assert {item["name"]: item["sha256"] for item in manifest["files"]} == hashes
        page.get_by_role("link", name="记录校验").click()
        expect(page.get_by_text("校验通过")).to_be_visible()
        assert problems(page) == []


def test_why_removed_is_one_click_from_the_page_of_the_provider(demo: Demo, browser: Browser):
    with demo.sign_in(browser, VISITOR, viewport={"width": 375, "height": 700}) as context:
        page = context.pages[0]
        page.goto("/pool/past")
        page.get_by_role("row").filter(has_text="已退出（移出）").first.get_by_role("link").click()
        page.get_by_role("cell").or_(page.get_by_role("rowheader")).get_by_role(
            "link"
        ).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("为什么是这个状态")
        expect(page.locator(".why-steps")).to_contain_text("移出")
        assert problems(page) == []


def test_every_decision_of_the_demo_opens_to_its_clause_and_reads_in_chinese(demo: Demo):
    """Explainability (features.md §5): no step without its text, no decision without its clause."""
    silent, raw = set(), set()
    auditor = Actor(role=Role.AUDITOR, user_id=1)
    with demo.app.test_request_context("/"):
        database = demo.app.extensions["database"]
        with database.reading() as session:
            places = session.execute(
                select(Membership.id, Membership.phase).order_by(Membership.id)
            )
            some = [id_ for id_, phase in places if phase != "listed" or id_ % 10 == 5]
            for id_ in some:
                for step in why.whole(session, auditor, id_).steps:
                    line, event = why_words.line(step, staff=True), step.event
                    decides = event.from_state != event.to_state and step.group not in NO_CLAUSE
                    if not line["version"]["number"] or (decides and not line["rules"]):
                        silent.add(f"{event.subject_type}.{event.action}")
                    words = [line["title"], line["states"], *(label for label, _ in line["data"])]
                    if any(re.search("[a-z]{3}", word) for word in words):
                        raw.add(f"{event.subject_type}.{event.action}")
    assert len(some) > 15
    assert (silent, raw) == (set(), set())
