"""``marketplace db``: migrations."""

import click

from marketplace import migrate
from marketplace.cli.context import database


@click.group("db", help="数据库迁移")
def db_group() -> None:
    """Group of migration commands."""


@db_group.command(help="升级到最新版本；已是最新时什么也不做")
def upgrade() -> None:
    engine = database().engine
    before = migrate.current(engine)
    migrate.upgrade(engine)
    after = migrate.current(engine)
    click.echo(f"数据库已是最新版本 {after}" if before == after else f"数据库已升级到 {after}")


@db_group.command(help="显示当前版本；落后时退出码为 1")
def current() -> None:
    found, newest = migrate.current(database().engine), migrate.head()
    click.echo(f"当前 {found or '空库'}，最新 {newest}")
    if found != newest:
        raise SystemExit(1)
