"""Requests for access as pages show them."""

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from marketplace.models import AccessRequest
from marketplace.models.access_requests import CLAIM, ENROL, REGISTER
from marketplace.permissions import Actor
from marketplace.programmes import nouns
from marketplace.services.access import access_requests
from marketplace.services.access.access_notices import KINDS
from marketplace.services.access.team_posts import Post
from marketplace.services.profiles import catalogue
from marketplace.web.context import dt, term, vocabulary

TONES = {"success": "ok", "warning": "warn", "danger": "danger", "info": "info"}
LABELS = {
    "uscc": "统一社会信用代码", "name": "单位名称", "district": "所在区市", "address": "地址",
    "segment": "细分行业", "headcount": "从业人数", "contact_name": "您的姓名",
    "contact_post": "职务", "phone": "联系电话", "access_letter": "授权书", "reason": "理由",
    "post": "团队角色", "login": "邮箱", "stay_as": "移交后您的角色", "form": "没有办成",
}  # fmt: skip


def labels(kind: str) -> dict[str, str]:
    """Labels of the form of a kind."""
    return {**LABELS, "name": "企业名称"} if kind == REGISTER else LABELS


def tag(row: AccessRequest) -> dict[str, str]:
    """The state as status_tag takes it."""
    state = nouns.workflow("access_request").state(row.state)
    tone = TONES.get(state.tone, "neutral")
    return {"tone": tone, "icon": state.icon, "label": state.staff_label}


def line(row: AccessRequest, endpoint: str) -> dict[str, Any]:
    """One line of a list."""
    return {
        "id": row.id, "name": row.name, "kind": KINDS[row.kind], "state": tag(row),
        "at": dt(row.state_since), "url": url_for(endpoint, request_id=row.id),
        "district": term("district", row.district), "person": row.contact_name or "（已清除）",
        "note": row.note,
    }  # fmt: skip


def facts(row: AccessRequest, phone: str) -> list[tuple[str, str]]:
    """What was asked for, for the macro ``facts``; ``phone`` as the reader may see it."""
    shown = [
        ("类别", KINDS[row.kind]), ("单位名称", row.name), (LABELS["uscc"], row.uscc),
        (LABELS["district"], term("district", row.district)),
    ]  # fmt: skip
    if row.kind != CLAIM:
        shown.append((LABELS["address"], row.facts.get("address", "")))
    if row.kind == REGISTER:
        number = row.facts.get("headcount")
        shown += [
            (LABELS["segment"], term("segment", row.facts.get("segment", ""))),
            (LABELS["headcount"], f"{number}人" if number else ""),
        ]
    gone = "（已清除）" if row.cleared_at else ""
    return [
        *shown, ("申请人", row.contact_name or gone), (LABELS["contact_post"], row.contact_post),
        (LABELS["phone"], phone or gone), ("登录邮箱", gone or row.user.login),
    ]  # fmt: skip


SECOND = {
    ENROL: ("同时作为服务商", "申请成为服务商", "auth.new_enrolment",
            "本企业也为其他企业提供数字化服务的，可以同时成为服务商。单位不变，企业团队不变。"),
    REGISTER: ("同时作为企业", "申请成为企业", "auth.new_registration",
               "本单位自己也要改造的，可以同时注册为企业。单位不变，服务商团队不变。"),
}  # fmt: skip


def second(session: Session, actor: Actor) -> dict[str, str] | None:
    """What the acting organisation may ask for beside its own role: title, text, label, url."""
    found = access_requests.second_of(session, actor)
    if found is None:
        return None
    title, label, endpoint, text = SECOND[found[0]]
    return {"title": title, "label": label, "text": text, "url": url_for(endpoint, own=1)}


def masked(phone: str) -> str:
    """A number as staff see it first."""
    return catalogue.masked(phone) if phone else ""


def options() -> dict[str, list[tuple[str, str]]]:
    """What the form of an enterprise offers."""
    return {
        kind: [(word.code, word.name) for word in vocabulary().options(kind)]
        for kind in ("district", "segment")
    }


def post_options(posts: tuple[Post, ...]) -> list[tuple[str, str]]:
    """Places of a team for a choice."""
    return [(post.key, f"{post.label}：{post.may}") for post in posts]
