"""``marketplace search``: rebuild, verify, status, what was given up; and a rebuild asked for."""

import os
from contextlib import suppress

import click
from sqlalchemy.orm import Session
from tqdm import tqdm

from marketplace import outbox
from marketplace.cli.context import database, settings
from marketplace.errors import MarketplaceError
from marketplace.permissions import SYSTEM
from marketplace.phases import RebuildPhase
from marketplace.services.accounts import holders
from marketplace.services.searching import index_queue, rebuilds

STAGES = {"documents": "写入", "catch_up": "追平", "verify": "核对", "compare": "核对"}
COUNTED = ("documents", "verify")
SHOWN = 50
NICENESS = 5


@click.group("search", help="搜索索引")
def search_group() -> None:
    """Group of index commands."""


@search_group.command(help="重建索引：建新、追平、核对、切换；网站不停")
def rebuild() -> None:
    from marketplace.indexing.rebuilding import work_on
    from marketplace.indexing.wiring import Catalogue

    with tqdm(unit="条", desc="写入", disable=None) as bar:

        def progress(stage: str, count: int) -> None:
            bar.set_description(STAGES[stage])
            bar.update(count - bar.n if stage in COUNTED else 0)

        holder = holders.me()
        try:
            job = database().run(
                lambda session: rebuilds.begin(session, SYSTEM, reason="命令行", holder=holder)
            )
        except MarketplaceError as error:
            raise click.ClickException(f"{error.message}。{error.remedy}") from None
        catalogue = Catalogue(settings().search_url, database())
        built = work_on(catalogue, database(), job, progress)
    if built is None or built.phase != RebuildPhase.DONE:
        text = built.error if built else "已由另一个进程接手"
        raise click.ClickException(text or "已取消，原来的索引继续使用")
    click.echo(
        f"索引已重建：{built.documents} 条，追平 {built.caught_up} 条，代次 {built.generation}"
    )


@search_group.command("work", help="做一次网页上申请的重建（由后台进程调用）", hidden=True)
@click.argument("rebuild_id", type=int)
def work(rebuild_id: int) -> None:
    from marketplace.indexing.rebuilding import work_on
    from marketplace.indexing.wiring import Catalogue
    from marketplace.logs import configure

    configure(settings())
    with suppress(OSError):
        os.nice(NICENESS)  # pages and indexing come first
    holder = holders.me()
    job = database().run(lambda session: rebuilds.claim(session, rebuild_id, holder))
    if job is not None:
        work_on(Catalogue(settings().search_url, database()), database(), job)


@search_group.command(help="逐条核对索引与数据库；不一致时退出码为 1")
@click.option("--repair", is_flag=True, help="把不一致的条目放入队列，由后台进程修复")
def verify(repair: bool) -> None:
    from marketplace.indexing.upkeep import verify_index
    from marketplace.indexing.wiring import Catalogue
    from search import SearchError

    try:
        found = verify_index(
            Catalogue(settings().search_url, database()), database(), repair=repair
        )
    except SearchError as error:
        raise click.ClickException(str(error)) from error
    for label, ids in (("缺少", found.missing), ("过期", found.stale), ("多余", found.ghosts)):
        if ids:
            click.echo(
                f"{label} {len(ids)} 条：{'、'.join(ids[:10])}{'…' if len(ids) > 10 else ''}"
            )
    if found:
        raise SystemExit(1)
    click.echo("索引与数据库一致")


@search_group.command(help="引擎、索引、队列和最近一次重建")
def status() -> None:
    from marketplace.indexing.upkeep import index_status
    from marketplace.indexing.wiring import Catalogue

    facts = dict(index_status(Catalogue(settings().search_url, database()), database()))
    with database().reading() as session:
        facts |= _last_rebuild(session)
    for name, value in facts.items():
        click.echo(f"{name:<16} {value}")


def _last_rebuild(session: Session) -> dict[str, str | int]:
    last = rebuilds.last(session)
    if last is None:
        return {}
    facts: dict[str, str | int] = {"rebuild": last.phase, "rebuild_at": last.created_at.isoformat()}
    if last.live:
        facts |= {"rebuild_stage": last.stage, "rebuild_done": f"{last.done}/{last.total}"}
    if last.error:
        facts["rebuild_error"] = last.error
    return facts


@search_group.command(help="搁置的条目（试了十次仍不能写入索引）和原因")
def parked() -> None:
    with database().reading() as session:
        rows = session.scalars(outbox.parked(outbox.INDEX).limit(SHOWN)).all()
        total = outbox.status(session, outbox.INDEX).parked
    for row in rows:
        click.echo(f"{row.id:>8}  {row.key:<24} {row.error}")
    click.echo(f"共 {total} 条" if total else "没有搁置的条目")


@search_group.command("retry-parked", help="让搁置的条目重新排队；不写编号就是全部")
@click.argument("item_id", type=int, required=False)
@click.option("--reason", default="命令行", help="理由，记入操作记录")
def retry_parked(item_id: int | None, reason: str) -> None:
    try:
        if item_id is None:
            count = database().run(
                lambda session: index_queue.retry_all(session, SYSTEM, reason=reason)
            )
        else:
            database().run(
                lambda session: index_queue.retry(session, SYSTEM, item_id, reason=reason)
            )
            count = 1
    except MarketplaceError as error:
        raise click.ClickException(f"{error.message}。{error.remedy}") from None
    click.echo(f"已重新排队 {count} 条")
