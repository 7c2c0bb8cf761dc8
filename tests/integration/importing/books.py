"""Workbooks for tests: typed rows, written by the application's own template writer."""

from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.models import ImportJob, ImportRow, Round
from marketplace.permissions import SYSTEM, Actor
from marketplace.schemas.imports import load_vocabulary
from marketplace.services.importing import jobs, template
from marketplace.services.importing.jobs import Upload
from marketplace.services.upkeep.seeding import seed_vocabulary
from tests import factories

Rows = dict[str, list[dict[str, Any]]]
CIPHER = Cipher(["a test's own key, long enough to be one"])
ROUND = "qd-2024-1"
ALPHA, BETA, GAMMA = factories.uscc(9000001), factories.uscc(9000002), factories.uscc(9000003)


def prepare(session: Session) -> Round:
    """Vocabulary and one round."""
    seed_vocabulary(session)
    return factories.make_round(session, key=ROUND, label="青岛第一批")


def provider(code: str, name: str, **given: Any) -> dict[str, Any]:
    """An organisation row of a provider."""
    return {
        "uscc": code, "name": name, "short_name": name[2:6], "kind": "provider",
        "district": "370202", "registered_city": "青岛", "address": "青岛市市南区测试路1号",
        "applicant_class": "enterprise", "founded_on": date(2015, 3, 1), "headcount": 80,
        "registered_capital_cny": Decimal("10000000.00"), "maturity_level": None, "segment": None,
        "intro": "为注塑和冲压企业提供生产管理软件。\n十年以上现场经验。",
        "strengths": ["换模排产", "质量追溯；全程"],
        "service_areas": ["rd_design", "manufacturing"], "process_links": ["manufacturing"],
        "qualifications": ["软件企业"], "honours": [], "local_headcount": 40,
        "website": "https://alpha.example", "contact_role": "商务咨询",
        "contact_phone": "0532-0000 1234", **given,
    }  # fmt: skip


def enterprise(code: str, name: str, **given: Any) -> dict[str, Any]:
    """An organisation row of an SME."""
    return {
        "uscc": code, "name": name, "kind": "enterprise", "district": "370215",
        "registered_city": "青岛", "maturity_level": 1, "segment": "auto_parts", **given,
    }  # fmt: skip


def product(code: str, name: str, **given: Any) -> dict[str, Any]:
    """A product row."""
    return {
        "uscc": code, "name": name, "release": "V3.0", "category": "mes",
        "segments": ["home_appliance", "auto_parts"], "process_links": ["manufacturing"],
        "scenes": ["production_control", "planning"], "summary": "注塑车间的计划和报工",
        "description": "=不是公式，只是以等号开头的文字", "modules_common": ["计划", "报工"],
        "modules_custom": ["接口定制"], "deployment": ["saas", "on_prem"], "interfaces": ["OPC UA"],
        "suited_sizes": ["small", "medium"], "prerequisites": "设备可联网",
        "pricing_model": "subscription", "list_price_cny": Decimal("128000.50"),
        "pilot_price_cny": Decimal("98000.00"), "price_unit": "10用户/年", "annual_fee_cny": None,
        "price_valid_until": date(2027, 1, 31), "typical_days": 30, "on_site_days": 12,
        "after_sales": "七天二十四小时", "ip_no": "2024SR0000001", **given,
    }  # fmt: skip


def case(code: str, title: str, **given: Any) -> dict[str, Any]:
    """A case row."""
    return {
        "uscc": code, "title": title, "year": 2025, "segment": "auto_parts", "district": "370215",
        "client_name": "青岛测试塑胶有限公司", "client_anonymous": False, "client_consent": True,
        "client_size": "small", "process_links": ["manufacturing"], "scenes": ["planning"],
        "categories": ["aps"], "product_names": ["测试 APS"], "background": "注塑件供应商。",
        "pains": "换模时间长。", "solution": "按模具排产。", "process_text": "三个月分两步。",
        "start_on": date(2025, 1, 6), "finish_on": date(2025, 4, 5), "days": 90,
        "investment_cny": Decimal("260000.00"),
        "metrics": [
            {"metric": "换模时间", "before": 58, "after": 41.5, "unit": "分钟",
             "measured_by": "换模任务起止时间", "period": "2025年4月"},
            {"metric": "开工齐套率", "before": 82, "after": 95, "unit": "%", "measured_by": "",
             "period": ""},
        ],
        "level_before": 1, "level_after": 2, "replicability": "同类企业可用。", **given,
    }  # fmt: skip


def person(code: str, name: str, **given: Any) -> dict[str, Any]:
    """A person row."""
    return {
        "uscc": code, "name": name, "title": "高级工程师", "degree": "硕士", "role": "实施顾问",
        "is_local": True, "years": 12, **given,
    }  # fmt: skip


def membership(code: str, segment: str, **given: Any) -> dict[str, Any]:
    """A membership row."""
    return {
        "uscc": code, "type": "product", "segment": segment, "round": ROUND,
        "listed_on": date(2024, 3, 1), "valid_until": date(2027, 2, 28),
        "document_no": "青民发字〔2024〕5号", "standing": "listed", "reason_code": "", "reason": "",
        "exited_on": None, "rectify_by": None, "chain_mode": "", "waiver": "", **given,
    }  # fmt: skip


def candidacy(code: str, segment: str, **given: Any) -> dict[str, Any]:
    """A candidacy row."""
    return {
        "uscc": code, "type": "product", "segment": segment, "round": ROUND, "phase": "reserve",
        "score": Decimal("81.50"), "rank": 1, "publicity_from": None, "publicity_until": None,
        **given,
    }  # fmt: skip


SMALL: Rows = {
    "organisations": [
        provider(ALPHA, "青岛甲衡软件有限公司"),
        provider(BETA, "青岛乙辰数科有限公司", contact_phone="", website=""),
        enterprise(GAMMA, "青岛丙山机械有限公司"),
    ],
    "affiliates": [{"uscc": BETA, "affiliate_uscc": GAMMA, "relation": "parent"}],
    "products": [
        product(ALPHA, "甲衡 MES"),
        product(ALPHA, "甲衡 MES", release="V4.0", category="aps"),
        product(BETA, "乙辰 WMS", category="wms", scenes=["warehousing"]),
    ],
    "cases": [case(ALPHA, "换模时间少三成"), case(BETA, "注塑车间账实相符", metrics=[])],
    "people": [person(ALPHA, "测试甲"), person(ALPHA, "测试乙", is_local=False, years=None)],
    "memberships": [
        membership(ALPHA, "home_appliance"),
        membership(ALPHA, "auto_parts", standing="warned", reason="资料更新不及时"),
    ],
    "candidacies": [candidacy(BETA, "home_appliance")],
}


def small(**changes: Any) -> Rows:
    """A copy of the small workbook's rows; ``changes`` replace whole sheets."""
    return {**deepcopy(SMALL), **changes}


def write(database: Database, path: Path, rows: Rows) -> Path:
    """Fill the template."""
    with database.reading() as session:
        template.write(path, load_vocabulary(session), rows)
    return path


def raw(path: Path, headers: dict[str, list[str]], rows: dict[str, list[list[Any]]]) -> Path:
    """A workbook written cell by cell, as somebody without the template might."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        for title, names in headers.items():
            page = book.add_worksheet(title)
            for number, cells in enumerate([names, *rows.get(title, [])]):
                for at, cell in enumerate(cells):
                    if cell is not None:
                        page.write(number, at, cell)
    return path


def check(database: Database, path: Path, actor: Actor = SYSTEM) -> ImportJob:
    """Upload and check a file."""
    upload = Upload(jobs.sha256_of(path), path.name)
    job = database.run(lambda session: jobs.create(session, actor, upload))
    return jobs.check(database, actor, job.id, path)


def load(database: Database, path: Path, actor: Actor = SYSTEM) -> ImportJob:
    """Upload, check and apply a file that has no errors."""
    job = check(database, path, actor)
    assert (job.phase, errors(database, job)) == ("staged", {})
    database.run(lambda session: jobs.approve(session, actor, job.id))
    return jobs.apply(jobs.context(database, actor, job.id, CIPHER))


def errors(database: Database, job: ImportJob) -> dict[tuple[str, int], str]:
    """Messages by sheet and row."""
    with database.reading() as session:
        query = select(ImportRow.sheet, ImportRow.number, ImportRow.message)
        query = query.where(ImportRow.job_id == job.id, ImportRow.message != "")
        return {(sheet, number): text for sheet, number, text in session.execute(query)}
