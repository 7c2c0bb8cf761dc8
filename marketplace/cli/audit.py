"""``marketplace audit``: check the chain over the history, and publish its daily digest."""

from pathlib import Path

import click

from marketplace.cli.context import database, settings
from marketplace.crypto import Signer
from marketplace.errors import Invalid
from marketplace.services.audit import audit_digests

AGAINST = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("audit", help="操作记录校验")
def audit_group() -> None:
    """Group of audit commands."""


def _signer() -> Signer:
    return Signer(settings().encryption_keys)


def _folder() -> Path:
    return audit_digests.folder_of(settings().data_dir, settings().database_url)


@audit_group.command(help="校验操作记录的哈希链和日摘要；发现问题时退出码为 1")
@click.option("--against", type=AGAINST, multiple=True, help="以前从公开页面保存的日摘要文件")
def verify(against: tuple[Path, ...]) -> None:
    try:
        kept = audit_digests.read_out(_folder())
        kept += [item for path in against for item in audit_digests.parse(path.read_text())]
    except Invalid as error:
        raise click.ClickException(error.message) from error
    with database().reading() as session:
        verdict = audit_digests.verify(session, _signer().public_keys, kept)
    if verdict.fault is not None:
        click.echo(f"校验不通过：{verdict.fault.text}")
        raise SystemExit(1)
    click.echo(f"校验通过：已封存 {verdict.checked} 条，待封存 {verdict.unsealed} 条")
    click.echo(f"链头 {verdict.head}")


@audit_group.command(help="封存到此刻，写出昨天的日摘要；已经有了就不再写")
def digest() -> None:
    made = audit_digests.daily(database(), _signer(), _folder())
    click.echo("已写出日摘要" if made else "日摘要已经有了")
