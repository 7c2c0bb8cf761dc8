"""``marketplace backup`` and ``marketplace restore``: the whole installation in one file."""

from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from marketplace import clock
from marketplace.cli.context import database, settings
from marketplace.errors import MarketplaceError
from marketplace.services.backup.making import Progress, make
from marketplace.services.backup.restoring import check, restore
from marketplace.storage import open_storage

MEGABYTE = 2**20


def _progress(bar: Any) -> Progress:
    def progress(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return progress


def _refused(error: MarketplaceError) -> click.ClickException:
    return click.ClickException(f"{error.message}。{error.remedy}")


@click.command("backup", help="备份数据库和上传的文件，写成一个加密文件；网站不停")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--without-files", is_flag=True, help="只备份数据库（上传的文件另行备份）")
def backup_command(*, folder: Path, without_files: bool) -> None:
    storage = open_storage(settings().storage_url)
    with tqdm(unit="个", desc="文件", disable=None) as bar:
        try:
            made = make(
                database(), storage, settings().encryption_key, folder,
                files=not without_files, progress=_progress(bar),
            )  # fmt: skip
        except MarketplaceError as error:
            raise _refused(error) from None
    click.echo(f"已备份到 {made.path}")
    click.echo(
        f"{made.rows} 行，{made.files} 个文件，{made.size / MEGABYTE:.1f} MB，"
        f"用时 {made.seconds:.1f} 秒"
    )
    click.echo("恢复时需要同一把 ENCRYPTION_KEY，请与备份分开保存。")


@click.command("restore", help="把备份恢复到空的数据库和存储，并核对；之后重建搜索索引")
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="只检查备份能否读出，不恢复")
def restore_command(*, archive: Path, only_check: bool) -> None:
    keys = settings().encryption_keys
    with tqdm(unit="个", desc="文件", disable=None) as bar:
        try:
            if only_check:
                found = check(archive, keys)
            else:
                storage = open_storage(settings().storage_url)
                found = restore(database(), storage, keys, archive, _progress(bar))
        except MarketplaceError as error:
            raise _refused(error) from None
    age = (clock.now() - found.at).total_seconds() / 60
    done = "备份完好" if only_check else "已恢复并核对"
    click.echo(f"{done}：{found.rows} 行，{found.files} 个文件，用时 {found.seconds:.1f} 秒（RTO）")
    click.echo(f"备份时点 {clock.beijing(found.at):%Y-%m-%d %H:%M:%S}，距今 {age:.0f} 分钟（RPO）")
    if not only_check:
        click.echo("请运行 marketplace search rebuild 重建搜索索引，再启动网站。")
