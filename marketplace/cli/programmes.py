"""``marketplace programmes``: check, show, diff."""

import json
from dataclasses import replace
from os.path import relpath
from pathlib import Path
from typing import Any

import click

from marketplace import clock
from marketplace.programmes import library, vocabulary
from marketplace.programmes.checks import check_all
from marketplace.programmes.difference import differences
from marketplace.programmes.loader import Finding
from marketplace.programmes.schema import Programme
from marketplace.programmes.summary import sections
from marketplace.programmes.workflow_checks import Names
from marketplace.services.upkeep.seeding import CONFIG

FOLDER = click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="另一个配置目录（内有 programmes，可有 questions、workflows、vocabulary），可多次给出",
)


@click.group("programmes", help="项目文件（遴选办法）")
def programmes_group() -> None:
    """Group of programme commands."""


@programmes_group.command(help="检查全部项目文件；有错误时退出码为 1")
@FOLDER
def check(folders: tuple[Path, ...]) -> None:
    loaded = library.load(CONFIG, extra=folders)
    findings = check_all(loaded, known_names(folders), clock.today())
    for id_, programme in loaded.programmes.items():
        mine = [f for f in findings if f.file == str(loaded.sources[id_].document.path)]
        click.echo(
            f"{id_:<12} {programme.short_name}：规则 {len(programme.rules)} 条，"
            f"条款 {sum(1 for _ in programme.clause_ids())} 条，{_counts(mine)}"
        )
    for finding in findings:
        click.echo(str(replace(finding, file=relpath(finding.file))), err=finding.fatal)
    click.echo(f"合计 {len(loaded.programmes)} 个项目，{_counts(findings)}")
    if any(finding.fatal for finding in findings):
        raise SystemExit(1)


@programmes_group.command(help="以文字显示一个项目")
@click.argument("programme_id", metavar="ID")
@FOLDER
def show(programme_id: str, folders: tuple[Path, ...]) -> None:
    programme = _programme(programme_id, folders)
    click.echo(f"{programme.name}（{programme.id}）\n内容摘要 SHA-256：{programme.file_sha256}")
    for section in sections(programme):
        click.echo(f"\n{section.title}")
        for row in section.rows:
            tags = "".join(f"〔{tag}〕" for tag in row.tags)
            mark = "〔建议〕" if row.proposal else ""
            article = f"  （{row.article}）" if row.article else ""
            click.echo(f"  {row.id:<10} {row.text}{tags}{mark}{article}")
            if row.quote:
                click.echo(f"  {'':<10} 原文：{row.quote}")
            if row.note:
                click.echo(f"  {'':<10} 说明：{row.note}")


@programmes_group.command(help="逐条比较两个项目；有差别时退出码为 1")
@click.argument("left_id", metavar="甲")
@click.argument("right_id", metavar="乙")
@FOLDER
def diff(left_id: str, right_id: str, folders: tuple[Path, ...]) -> None:
    found = differences(_programme(left_id, folders), _programme(right_id, folders))
    for difference in found:
        click.echo(" / ".join(difference.path))
        if difference.left is not None:
            click.echo(f"  - {_short(difference.left)}")
        if difference.right is not None:
            click.echo(f"  + {_short(difference.right)}")
    click.echo(f"共 {len(found)} 处不同" if found else "两个项目相同")
    if found:
        raise SystemExit(1)


def known_names(folders: tuple[Path, ...] = ()) -> Names:
    """Every name that programme files may use, from the code and the vocabulary."""
    from marketplace.permissions import Permission
    from marketplace.services.pool import effects  # noqa: F401 - registers the effects
    from marketplace.workflow import EFFECTS, GUARDS

    seeds = [CONFIG / "vocabulary", *(folder / "vocabulary" for folder in folders)]
    words = tuple(found for folder in seeds for found in vocabulary.load(folder))
    return Names(
        permissions={permission.value for permission in Permission},
        guards=set(GUARDS),
        effects=set(EFFECTS),
        types=vocabulary.codes(words, "provider_type"),
        segments=vocabulary.codes(words, "segment"),
        exit_reasons=vocabulary.codes(words, "exit_reason"),
    )


def _programme(id_: str, folders: tuple[Path, ...]) -> Programme:
    loaded = library.load(CONFIG, extra=folders)
    if id_ not in loaded.programmes:
        known = "、".join(loaded.programmes)
        raise click.ClickException(f"没有项目“{id_}”。现有：{known}。")
    return loaded.programmes[id_]


def _counts(findings: list[Finding]) -> str:
    errors = sum(finding.fatal for finding in findings)
    return f"错误 {errors}，提醒 {len(findings) - errors}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:160]}…"
