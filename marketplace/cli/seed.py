"""``marketplace seed``: vocabulary, calendar, and the whole demo. Safe to repeat."""

import io
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.cli.context import database, settings
from marketplace.models import ImportJob
from marketplace.phases import ImportPhase
from marketplace.programmes.loader import LoadFailed
from marketplace.schemas.imports import load_vocabulary
from marketplace.services.importing import jobs, template
from marketplace.services.upkeep import seeding
from marketplace.storage import open_storage

DEMO_FILE = "demo.xlsx"


@click.group("seed", help="写入基础数据；可以重复运行")
def seed_group() -> None:
    """Group of seed commands."""


@seed_group.command("base", help="词表和工作日历；人工改过的保留")
def seed_base() -> None:
    try:
        words = database().run(seeding.seed_vocabulary)
        days = database().run(seeding.seed_calendar)
    except LoadFailed as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"词表：{words}")
    click.echo(f"日历：{days}")


@seed_group.command("demo", help="演示数据：词表、日历、批次、示例服务商、账号、索引")
@click.pass_context
def seed_demo(context: click.Context) -> None:
    from marketplace.services.demo import demo_accounts

    if not settings().demo:
        raise click.ClickException("演示数据只能在演示模式下写入（MARKETPLACE_MODE=demo）")
    context.invoke(seed_base)
    click.echo(f"批次：{database().run(seeding.seed_rounds)}")
    import_demo(context, settings().data_dir / DEMO_FILE)
    made = database().run(lambda session: demo_accounts.ensure(session, settings()))
    click.echo(f"账号：新增{len(made)}")
    click.echo(f"项目：新增{seed_projects()}")
    click.echo(f"案例：新增{seed_cases()}")
    click.echo(f"资料：新增{seed_profiles()}")
    click.echo(f"选型：新增{database().run(seed_choosing)}")
    click.echo(f"咨询：新增{seed_inquiries()}")
    click.echo(f"开通：新增{seed_access()}")
    click.echo(f"日常：新增{database().run(seed_upkeep)}")
    click.echo(f"公示：新增{seed_notices()}")
    click.echo(f"案卷：新增{database().run(seed_proceedings)}")
    click.echo(f"评价：新增{database().run(seed_evaluations)}")
    refresh_index(context)


def seed_evaluations(session: Session) -> int:
    """Evaluations: one published with every grade, one in scoring."""
    from marketplace.services.demo import demo_evaluations

    return demo_evaluations.ensure(session, settings())


def seed_proceedings(session: Session) -> int:
    """Case files: a place in every state of the life cycle."""
    from marketplace.services.demo import demo_proceedings

    return demo_proceedings.ensure(session, settings())


def seed_upkeep(session: Session) -> int:
    """Reports, complaints, spot checks, activities and awards in every state."""
    from marketplace.services.demo import demo_upkeep

    return demo_upkeep.ensure(session, settings())


def seed_profiles() -> int:
    """Profiles and products: confirmations, prices of other days, changes in every state."""
    from marketplace.services.demo import demo_profiles

    store = open_storage(settings().storage_url)
    logo = store.put(io.BytesIO(demo_profiles.logo()), "示例标志.png", limit=2**20)
    return database().run(lambda session: demo_profiles.ensure(session, settings(), logo))


def seed_choosing(session: Session) -> int:
    """Favourites, lists, searches and selection files of the demo's enterprise."""
    from marketplace.services.demo import demo_choosing

    return demo_choosing.ensure(session, settings())


def seed_access() -> int:
    """Requests for access in every state; their letter is kept before the transaction begins."""
    from marketplace.services.demo import demo_access, demo_stage

    store = open_storage(settings().storage_url)
    letter = store.put(io.BytesIO(demo_stage.document()), "示例授权书.pdf", limit=2**20)
    return database().run(lambda session: demo_access.ensure(session, settings(), letter))


def seed_inquiries() -> int:
    """Enquiries and demands in every state; their one file is kept before the transaction."""
    from marketplace.crypto import Cipher
    from marketplace.services.demo import demo_inquiries, demo_stage

    store = open_storage(settings().storage_url)
    paper = store.put(io.BytesIO(demo_stage.document()), "示例材料.pdf", limit=2**20)
    cipher = Cipher(settings().encryption_keys)
    return database().run(lambda session: demo_inquiries.ensure(session, settings(), cipher, paper))


def seed_notices() -> int:
    """Public notices and objections in every state."""
    from marketplace.crypto import Cipher
    from marketplace.services.demo import demo_notices

    cipher = Cipher(settings().encryption_keys)
    return database().run(lambda session: demo_notices.ensure(session, settings(), cipher))


def seed_projects() -> int:
    """Projects in every state; their one file is kept before the transaction begins."""
    from marketplace.services.demo import demo_projects, demo_stage

    store = open_storage(settings().storage_url)
    paper = store.put(io.BytesIO(demo_stage.document()), "示例材料.pdf", limit=2**20)
    return database().run(lambda session: demo_projects.ensure(session, settings(), paper))


def seed_cases() -> int:
    """Versions of cases in every state; files are kept before the transaction begins."""
    from marketplace.services.demo import demo_cases, demo_stage

    store = open_storage(settings().storage_url)
    letter = store.put(io.BytesIO(demo_stage.document()), "示例授权书.pdf", limit=2**20)
    shots = tuple(
        store.put(io.BytesIO(content), f"示例图片{number}.png", limit=2**20)
        for number, content in enumerate(demo_cases.pictures(), 1)
    )
    return database().run(lambda session: demo_cases.ensure(session, settings(), letter, shots))


def import_demo(context: click.Context, path: Path) -> None:
    """Write the demo's workbook and import it like any other; once."""
    from marketplace.cli.imports import import_file
    from marketplace.demo import dataset

    with database().reading() as session:
        template.write(path, load_vocabulary(session), dataset.build())
        done = session.scalar(
            select(ImportJob.id).where(
                ImportJob.sha256 == jobs.sha256_of(path),
                ImportJob.phase == ImportPhase.DONE,
                ImportJob.created_by.is_(None),
            )
        )
    if done is not None:
        click.echo(f"示例服务商：第{done}次导入已写入，没有变化")
        return
    context.invoke(import_file, path=path, dry_run=False)


def refresh_index(context: click.Context) -> None:
    """Rebuild the index unless it equals the database."""
    from marketplace.cli.search import rebuild
    from marketplace.indexing.upkeep import verify_index
    from marketplace.indexing.wiring import Catalogue
    from search import SearchError

    try:
        differences = verify_index(Catalogue(settings().search_url, database()), database())
    except SearchError:
        differences = None  # no index yet, or one of another schema
    if differences is None or differences:
        context.invoke(rebuild)
    else:
        click.echo("索引：与数据库一致")
