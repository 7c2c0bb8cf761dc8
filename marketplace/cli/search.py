"""``marketplace search``: rebuild, verify, status."""

import click
from tqdm import tqdm

from marketplace.cli.context import database, settings


@click.group("search", help="搜索索引")
def search_group() -> None:
    """Group of index commands."""


@search_group.command(help="重建索引：建新、追平、核对、切换；网站不停")
def rebuild() -> None:
    from marketplace.indexing.upkeep import rebuild_index
    from marketplace.indexing.wiring import Catalogue
    from search import SearchError

    catalogue = Catalogue(settings().search_url, database())
    with tqdm(unit="条", desc="写入", disable=None) as bar:

        def progress(stage: str, count: int) -> None:
            bar.set_description({"documents": "写入", "catch_up": "追平", "compare": "核对"}[stage])
            bar.update(count - bar.n if stage == "documents" else 0)

        try:
            built = rebuild_index(catalogue, database(), progress)
        except SearchError as error:
            raise click.ClickException(str(error)) from error
    click.echo(
        f"索引已重建：{built.documents} 条，追平 {built.caught_up} 条，代次 {built.generation}"
    )


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


@search_group.command(help="索引状态与队列")
def status() -> None:
    from marketplace.indexing.upkeep import index_status
    from marketplace.indexing.wiring import Catalogue

    facts = index_status(Catalogue(settings().search_url, database()), database())
    for name, value in facts.items():
        click.echo(f"{name:<16} {value}")
