"""The search index for operators: how it stands, rebuilding it, index jobs that were given up."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.indexing import operating
from marketplace.indexing.operating import Standing
from marketplace.models import IndexRebuild, OutboxItem, User
from marketplace.outbox import LATE_SECONDS, MAX_ATTEMPTS
from marketplace.permissions import Permission
from marketplace.phases import RebuildPhase
from marketplace.schemas.accounts import Nothing, ReasonForm
from marketplace.schemas.operating import PageQuery, RetryForm
from marketplace.services.searching import index_queue, rebuilds
from marketplace.web.access import current_actor, needs
from marketplace.web.admin.blueprint import blueprint
from marketplace.web.admin.lists import page_of
from marketplace.web.admin.vocabulary_shapes import catalogue
from marketplace.web.context import dt
from marketplace.web.forms import load, page_again, query_data
from marketplace.web.work import once

PAGE = "admin/search.html"
SHOWN_REBUILDS = 10
SHOWN_TERMS = 30

FACTS = {
    "engine": "引擎", "path": "位置", "generation": "索引代次", "documents": "条目数",
    "segments": "分段数", "terms": "专用词数", "building": "正在建的代次", "state": "状态",
    "health": "集群健康", "nodes": "节点数", "bytes": "占用空间（字节）", "breaker": "断路器",
}  # fmt: skip
VALUES: dict[str, dict[str | int, str]] = {
    "health": {"green": "正常", "yellow": "缺少副本", "red": "有分片不可用"},
    "breaker": {"closed": "正常", "open": "已断开，正在等引擎恢复"},
}
FINGERPRINTS = {"schema": "字段", "analysis": "分词规则", "words": "通用词典"}
PHASES: dict[str, tuple[str, str, str]] = {
    RebuildPhase.WAITING: ("info", "clock", "等待后台进程"),
    RebuildPhase.RUNNING: ("info", "hourglass-split", "正在重建"),
    RebuildPhase.DONE: ("ok", "check-circle", "已完成"),
    RebuildPhase.FAILED: ("danger", "x-circle", "失败"),
    RebuildPhase.CANCELLED: ("neutral", "slash-circle", "已取消"),
}
"""Tone, icon and words of a rebuild's phase."""
STAGES = {
    "documents": "写入新索引", "catch_up": "追平期间的改动",
    "verify": "逐条核对", "compare": "逐条核对",
}  # fmt: skip
SUBJECTS = {"provider": "服务商", "organisation": "单位", "product": "产品", "case": "案例"}


@blueprint.get("/search")
@needs(Permission.SYSTEM_READ)
def search_index() -> str:
    """How engine, index and queue stand; the rebuild going on; what was given up."""
    return render_template(PAGE, errors={}, values={}, **_page())


@blueprint.post("/search/rebuilds")
@needs(Permission.SEARCH_REBUILD)
@once.once
def search_rebuild() -> Response:
    """Ask for a rebuild; the worker does it."""
    try:
        reason = load(ReasonForm(), once.fields())["reason"]
    except Invalid as error:
        return page_again(PAGE, error, **_page())
    _, new = rebuilds.ask(current_session(), current_actor(), reason=reason)
    text = "已申请重建，后台进程马上开始。" if new else "重建已经在进行，没有重复申请。"
    flash(text, "ok" if new else "info")
    return redirect(url_for("admin.search_index"), 303)


@blueprint.post("/search/rebuilds/<int:rebuild_id>/cancel")
@needs(Permission.SEARCH_REBUILD)
@once.once
def search_cancel(rebuild_id: int) -> Response:
    """Give a rebuild up."""
    load(Nothing(), once.fields())
    rebuilds.cancel(current_session(), current_actor(), rebuild_id)
    flash("已要求取消，原来的索引继续使用。", "ok")
    return redirect(url_for("admin.search_index"), 303)


@blueprint.post("/search/parked/<int:item_id>/retry")
@needs(Permission.SEARCH_OPERATE)
@once.once
def search_retry(item_id: int) -> Response:
    """Let one job that was given up run again."""
    try:
        reason = load(RetryForm(), once.fields())["why"]
    except Invalid as error:
        return page_again(PAGE, error, **_page())
    index_queue.retry(current_session(), current_actor(), item_id, reason=reason)
    flash("已重新排队，几秒后可以看到结果。", "ok")
    return redirect(url_for("admin.search_index"), 303)


@blueprint.post("/search/parked/retry")
@needs(Permission.SEARCH_OPERATE)
@once.once
def search_retry_all() -> Response:
    """Let all of them run again."""
    try:
        reason = load(RetryForm(), once.fields())["why"]
    except Invalid as error:
        return page_again(PAGE, error, **_page())
    count = index_queue.retry_all(current_session(), current_actor(), reason=reason)
    flash(f"已重新排队 {count} 条。" if count else "没有搁置的条目。", "ok" if count else "info")
    return redirect(url_for("admin.search_index"), 303)


def _page() -> dict[str, Any]:
    session, actor = current_session(), current_actor()
    query = load(PageQuery(), query_data())
    found = operating.standing(catalogue(), session)
    live = rebuilds.live(session)
    recent = session.execute(
        rebuilds.newest(actor)
        .add_columns(User.name)
        .outerjoin(User, User.id == IndexRebuild.requested_by)
        .limit(SHOWN_REBUILDS)
    ).all()
    parked = page_of(index_queue.parked(actor), query["page"])
    return {
        "standing": _standing(found),
        "queue": found.queue,
        "late": LATE_SECONDS,
        "tries": MAX_ATTEMPTS,
        "live": _rebuild(live, _name_of(live)) if live else None,
        "rebuilds": [_rebuild(job, name) for job, name in recent],
        "parked": parked,
        "parked_rows": [_parked(item) for item in parked.rows],
    }


def _name_of(job: IndexRebuild) -> str | None:
    return current_session().scalar(select(User.name).where(User.id == job.requested_by))


def _standing(found: Standing) -> dict[str, Any]:
    facts = {
        FACTS.get(name, name): VALUES.get(name, {}).get(value, value)
        for name, value in found.facts.items()
        if value != ""
    }
    return {
        "healthy": found.healthy,
        "missing": found.missing,
        "reason": found.reason,
        "facts": list(facts.items()),
        "fingerprints": [
            {
                "label": FINGERPRINTS.get(each.name, each.name),
                "index": each.index, "program": each.program, "same": each.same,
            }
            for each in found.fingerprints
        ],
        "mismatch": found.mismatched,
        "new_terms": found.new_terms[:SHOWN_TERMS],
        "more_terms": max(len(found.new_terms) - SHOWN_TERMS, 0),
    }  # fmt: skip


def _rebuild(job: IndexRebuild, name: str | None) -> Mapping[str, Any]:
    tone, icon, label = PHASES[job.phase]
    begun = job.started_at
    seconds = ((job.finished_at or clock.now()) - begun).total_seconds() if begun else None
    return {
        "id": job.id,
        "phase": job.phase, "tone": tone, "icon": icon, "label": label,
        "by": name or "系统", "at": dt(job.created_at), "reason": job.reason,
        "took": _duration(seconds), "documents": job.documents, "caught_up": job.caught_up,
        "generation": job.generation, "error": job.error,
        "running": job.phase == RebuildPhase.RUNNING, "cancelling": job.cancel_asked,
        "stage": STAGES.get(job.stage, "准备"), "done": job.done, "total": job.total,
        "percent": job.done * 100 // job.total if job.total else 0,
        "attempts": job.attempts,
    }  # fmt: skip


def _duration(seconds: float | None) -> str:
    """``8 秒``, ``6 分 30 秒``; empty for what has not begun."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} 分 {rest} 秒" if minutes else f"{rest} 秒"


def _parked(item: OutboxItem) -> dict[str, Any]:
    kind, _, number = item.key.partition("/")
    return {
        "id": item.id,
        "what": f"{SUBJECTS[kind]} {number}" if kind in SUBJECTS else item.key,
        "error": item.error,
        "attempts": item.attempts,
        "since": dt(item.created_at),
        "parked": dt(item.parked_at),
    }
