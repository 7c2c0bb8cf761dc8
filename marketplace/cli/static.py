"""``marketplace static``: hashed and compressed files for nginx."""

import click

from marketplace.cli.context import settings


@click.group("static", help="静态文件")
def static_group() -> None:
    """Group of static file commands."""


@static_group.command(help="生成带指纹并预压缩的静态文件（网站启动时也会自动生成）")
def build() -> None:
    from marketplace.web.static_files import SOURCE
    from marketplace.web.static_files import build as build_files

    target = settings().data_dir / "static"
    manifest = build_files(SOURCE, target)
    click.echo(f"已生成 {len(manifest)} 个文件：{target}")
