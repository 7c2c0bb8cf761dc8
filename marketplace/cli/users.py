"""``marketplace users``: the first administrator, keys, and help when nobody can get in."""

import secrets

import click

from marketplace.cli.context import database, settings
from marketplace.crypto import Cipher
from marketplace.errors import MarketplaceError
from marketplace.permissions import SYSTEM
from marketplace.phases import ROLE_LABELS, OrganisationKind, Role
from marketplace.services.access import invitations
from marketplace.services.access.invitations import Invitation, Post
from marketplace.services.accounts import accounts
from marketplace.services.audit import resealing
from marketplace.services.audit.resealing import Progress
from marketplace.services.profiles import organisations
from marketplace.uscc import is_valid

KEY_BYTES = 48


class OwnErrors(click.Group):
    """Shows the errors that services raise on purpose as one plain line."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MarketplaceError as error:
            fields = getattr(error, "fields", {})
            texts = [error.message, *(text for found in fields.values() for text in found)]
            raise click.ClickException("；".join(texts)) from None


@click.group("users", cls=OwnErrors, help="用户账号")
def users_group() -> None:
    """Group of account commands."""


def _post() -> Post:
    return Post(Cipher(settings().encryption_keys), settings().base_url)


@users_group.command(help="生成一个密钥，用于 SECRET_KEY 或 ENCRYPTION_KEY")
def keygen() -> None:
    click.echo(secrets.token_urlsafe(KEY_BYTES))


@users_group.command("first-admin", help="建立首位用户管理员，打印30分钟内有效的一次性链接")
@click.option("--login", required=True, help="登录邮箱")
@click.option("--name", required=True, help="姓名")
@click.option("--uscc", required=True, help="所在单位的统一社会信用代码")
@click.option("--organisation", "organisation_name", default="", help="单位名称；尚未登记时必填")
def first_admin(login: str, name: str, uscc: str, organisation_name: str) -> None:
    with database().unit_of_work() as session:
        place = organisations.by_uscc(session, uscc)
        if place is None:
            if not organisation_name or not is_valid(uscc):
                raise click.ClickException(
                    "这个单位尚未登记：请用 --organisation 给出名称，并核对统一社会信用代码"
                )
            place = organisations.create(
                session, SYSTEM, uscc=uscc, name=organisation_name,
                kind=OrganisationKind.LEAD_BUREAU.value,
            )  # fmt: skip
        link = invitations.first_administrator(
            session, _post(), login=login, name=name, organisation=place
        )
    click.echo(f"请在30分钟内打开下面的链接设置口令，链接只能使用一次：\n{link}")


@users_group.command(help="建立账号并打印两天内有效的邀请链接（同时发邮件）")
@click.option("--login", required=True, help="登录邮箱")
@click.option("--name", required=True, help="姓名")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--uscc", required=True, help="所在单位的统一社会信用代码")
def create(login: str, name: str, role: str, uscc: str) -> None:
    with database().unit_of_work() as session:
        place = organisations.by_uscc(session, uscc)
        if place is None:
            raise click.ClickException("没有登记这个单位")
        invitation = Invitation(login=login, name=name, role=Role(role), organisation=place)
        user, link = invitations.invite(session, SYSTEM, _post(), invitation)
        label = ROLE_LABELS[Role(role)]
        click.echo(f"已建立 {user.login}（{label}，{place.name}）。邀请链接：\n{link}")


@users_group.command(help="解除登录失败造成的锁定")
@click.argument("login")
def unlock(login: str) -> None:
    with database().unit_of_work() as session:
        user = accounts.by_login(session, login)
        if user is None:
            raise click.ClickException("没有这个账号")
        accounts.unlock(session, SYSTEM, user)
    click.echo(f"已解锁 {user.login}")


@users_group.command(
    help="更换 ENCRYPTION_KEY 后，用新密钥重新加密（旧密钥放在 ENCRYPTION_KEY_FALLBACKS）"
)
def reseal() -> None:
    cipher = Cipher(settings().encryption_keys)
    before, now = None, Progress()
    while now != before:
        before = now
        with database().unit_of_work() as session:
            now = resealing.reseal(session, SYSTEM, cipher, before)
    click.echo(f"已用新密钥重新加密 {now.sealed} 项")
