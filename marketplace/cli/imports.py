"""``marketplace import``: the template, a dry run, an import; and a job that the web handed in."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError, OperationalError
from tqdm import tqdm

from marketplace.cli.context import database, settings
from marketplace.crypto import Cipher
from marketplace.errors import MarketplaceError
from marketplace.models import ImportJob
from marketplace.permissions import SYSTEM
from marketplace.phases import ImportPhase, RowPhase
from marketplace.schemas.import_columns import BY_CODE
from marketplace.schemas.imports import load_vocabulary
from marketplace.services.importing import jobs, report, template, uploads
from marketplace.services.importing.holding import Holder
from marketplace.services.importing.jobs import Progress, Upload

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PHASES = {
    RowPhase.APPLIED.value: "写入",
    RowPhase.UNCHANGED.value: "无变化",
    RowPhase.FAILED.value: "未写入",
    "kept": "其中保留人工修改",
}


class FileByDefault(click.Group):
    """``marketplace import FILE`` without naming a command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["file", *args]
        return super().resolve_command(ctx, args)


@click.group("import", cls=FileByDefault, help="Excel 导入：marketplace import 文件 [--dry-run]")
def import_group() -> None:
    """Group of import commands."""


@import_group.command("template", help="生成导入模板，下拉选项取自当前词表")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def write_template(output: Path) -> None:
    with database().reading() as session:
        vocabulary = load_vocabulary(session)
    template.write(output, vocabulary)
    click.echo(f"已生成模板：{output}")


@import_group.command("file", help="检查并导入一个文件；中断后再次运行会接着做")
@click.argument("path", type=FILE)
@click.option("--dry-run", is_flag=True, help="只检查，不导入")
def import_file(path: Path, *, dry_run: bool) -> None:
    with holding() as tick:
        job = find_or_create(path, dry_run=dry_run)
        if job.phase == ImportPhase.CHECKING:
            with bar("检查", None, tick) as progress:
                job = jobs.check(database(), SYSTEM, job.id, path, progress)
            tell_check(job, path)
        if job.phase == ImportPhase.STAGED and not dry_run:
            job = database().run(lambda session: jobs.approve(session, SYSTEM, job.id))
        if job.phase == ImportPhase.APPLYING:
            apply(job, path, tick)
    if dry_run:
        jobs.forget_all(database(), job.id)


@import_group.command("job", help="继续一次网页导入（由后台进程调用）", hidden=True)
@click.argument("job_id", type=int)
def work_on_job(job_id: int) -> None:
    with holding() as tick:
        uploads.work_on(database(), settings(), job_id, tick)


@contextmanager
def holding() -> Iterator[Progress]:
    """Be the only import; gives what renews that. Errors made on purpose end with their text."""
    holder = Holder(database())
    try:
        holder.take()
        try:
            yield lambda rows: holder.tick()
        finally:
            with suppress(DBAPIError):  # a full disk; the lease of a dead process is found
                holder.release()
    except MarketplaceError as error:
        raise click.ClickException(f"{error.message}。{error.remedy}") from None
    except (OperationalError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise click.ClickException(
            f"不能写入：{cause}。处理后再次运行同一命令，会从断开的地方继续。"
        ) from error


@contextmanager
def bar(title: str, total: int | None, tick: Progress) -> Iterator[Progress]:
    """A progress bar in a terminal; nothing in a log."""
    with tqdm(desc=title, total=total, unit="行", disable=None) as shown:

        def progress(rows: int) -> None:
            shown.update(rows)
            tick(rows)

        yield progress


def find_or_create(path: Path, *, dry_run: bool) -> ImportJob:
    """The unfinished import of this very file, or a new one."""
    sha256 = jobs.sha256_of(path)
    with database().reading() as session:
        job = None if dry_run else jobs.unfinished(session, sha256)
    if job is not None:
        click.echo(f"继续上次中断的导入（第{job.id}次）")
        return job
    upload = Upload(sha256, path.name, dry_run)
    return database().run(lambda session: jobs.create(session, SYSTEM, upload))


def tell_check(job: ImportJob, path: Path) -> None:
    """Print what the check found; a refused file ends the command."""
    if job.phase == ImportPhase.STAGED:
        click.echo(f"检查通过：共 {job.total_rows} 行，没有错误")
        return
    if "refusal" in job.summary:
        jobs.forget_all(database(), job.id)
        raise click.ClickException(f"{job.summary['refusal']}。{job.summary['remedy']}")
    with database().reading() as session:
        said = report.messages(session, job.id)
    for line in report.lines(said):
        click.echo(line, err=True)
    target = write_report(job, path)
    jobs.forget_all(database(), job.id)
    raise click.ClickException(
        f"共 {job.total_rows} 行，{job.invalid_rows} 行有错误，没有导入。请按“{target}”修改。"
    )


def write_report(job: ImportJob, path: Path) -> Path:
    """Write the file with the column of messages beside the original."""
    target = path.with_name(f"{path.stem}-错误.xlsx")
    report.write(database(), job.id, path, target)
    return target


def apply(job: ImportJob, path: Path, tick: Progress) -> None:
    """Apply and tell the numbers."""
    context = jobs.context(database(), SYSTEM, job.id, Cipher(settings().encryption_keys))
    with bar("导入", job.total_rows, tick) as progress:
        done = jobs.apply(context, progress)
    failed = kept = 0
    for sheet in (code for code in BY_CODE if code in done.summary):
        counts = done.summary[sheet]
        shown = "，".join(f"{text}{counts[key]}" for key, text in PHASES.items() if key in counts)
        click.echo(f"{BY_CODE[sheet].title}：{shown}")
        failed += counts.get(RowPhase.FAILED.value, 0)
        kept += counts.get("kept", 0)
    if failed or kept:
        click.echo(f"逐行说明见“{write_report(job, path)}”")
    if failed:
        raise SystemExit(1)
