"""``marketplace storage``: remove files that nothing refers to any more."""

import click

from marketplace.cli.context import database, settings
from marketplace.services.files import files_upkeep
from marketplace.services.files.files_upkeep import ORPHAN_HOURS
from marketplace.storage import open_storage


@click.group("storage", help="上传的文件")
def storage_group() -> None:
    """Group of commands about uploaded files."""


@storage_group.command(help="清理没有提交的草稿，和没有任何记录引用的文件")
@click.option("--dry-run", is_flag=True, help="只列出数量，不删除")
@click.option(
    "--hours",
    type=click.IntRange(min=1),
    default=ORPHAN_HOURS,
    show_default=True,
    help="这么多小时内放入的文件不动：它的记录可能正在写入",
)
def sweep(*, dry_run: bool, hours: int) -> None:
    storage = open_storage(settings().storage_url)
    found = files_upkeep.unneeded(database(), storage, hours=hours)
    size = f"{found.size / 2**20:.1f} MB"
    click.echo(f"过期草稿 {found.drafts} 个，无人引用的文件 {found.files} 个，{size}")
    if not dry_run:
        click.echo(f"已清理 {files_upkeep.sweep(database(), storage, hours=hours)} 项")
