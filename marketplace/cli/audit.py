"""``marketplace audit``: check the chain over the history."""

import click

from marketplace.cli.context import database
from marketplace.services import seals


@click.group("audit", help="操作记录校验")
def audit_group() -> None:
    """Group of audit commands."""


@audit_group.command(help="校验操作记录的哈希链；发现改动时退出码为 1")
def verify() -> None:
    with database().reading() as session:
        verdict = seals.verify(session)
    if verdict.broken_seq is not None:
        click.echo(f"校验不通过：第 {verdict.broken_seq} 条封存记录与操作记录不一致")
        raise SystemExit(1)
    click.echo(f"校验通过：已封存 {verdict.checked} 条，待封存 {verdict.unsealed} 条")
    click.echo(f"链头 {verdict.head}")
