"""From an empty production database to the first administrator, and keys (S33)."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from marketplace import create_app
from marketplace.crypto import Cipher
from marketplace.db import Database, make_engine
from marketplace.migrate import upgrade
from marketplace.models import Event, User
from marketplace.settings import Settings, UnsafeSettings
from tests import factories
from tests.support.server import run

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KEYS = {"SECRET_KEY": "s" * 40, "ENCRYPTION_KEY": "e" * 40}
PRODUCTION = {
    "MARKETPLACE_MODE": "production", "BASE_URL": "https://pool.example",
    "TRUSTED_HOSTS": "pool.example", **KEYS,
}  # fmt: skip


def test_s33_no_account_outside_the_demo(database):
    with database.reading() as session:
        assert session.scalars(select(User)).all() == []


def test_s33_the_first_administrator_comes_by_link(tmp_path: Path, database_url):
    code = factories.uscc()
    env = {**PRODUCTION, "DATABASE_URL": database_url}
    arguments = (
        "users", "first-admin", "--login", "Chief@Pool.Example", "--name", "首位管理员",
        "--uscc", code, "--organisation", "测试主管部门",
    )  # fmt: skip
    printed = run(tmp_path, *arguments, **env)
    link = re.search(r"https://pool\.example(/links/[\w-]{43})", printed)[1]
    with pytest.raises(RuntimeError, match="已经有用户管理员"):
        run(tmp_path, *arguments, **env)
    engine = make_engine(database_url)
    with Database(engine).reading() as session:
        [user] = session.scalars(select(User)).all()
        assert (user.login, user.password_hash) == ("chief@pool.example", "")
        history = session.execute(select(Event.action, Event.actor_role).order_by(Event.id)).all()
        assert history == [
            ("organisation_create", "system"), ("user_create", "system"), ("role_grant", "system"),
        ]  # fmt: skip
    engine.dispose()
    assert link


def test_s33_the_link_opens_the_door_once(app, client, database):
    from marketplace.services.access import invitations
    from marketplace.services.access.invitations import Post

    post = Post(Cipher(["k" * 40]), "http://localhost")
    with database.unit_of_work() as session:
        bureau = factories.make_organisation(session, kind="lead_bureau")
        link = invitations.first_administrator(
            session, post, login="chief@pool.example", name="首位管理员", organisation=bureau
        )
    path = link.removeprefix("http://localhost")
    fresh = {"password": "ein ganz neuer Satz 7", "again": "ein ganz neuer Satz 7"}
    assert client.post(path, data=fresh).location == "/login"
    assert client.post(path, data=fresh).status_code == 404
    login = {"login": "chief@pool.example", "password": fresh["password"]}
    assert client.post("/login", data=login).location == "/login/setup"


def test_keys_are_long_and_never_the_same(tmp_path, database_url):
    keys = {run(tmp_path, "users", "keygen").strip() for _ in range(2)}
    assert len(keys) == 2
    assert all(len(key) == 64 for key in keys)


def test_a_locked_account_is_freed_from_the_shell(tmp_path, database_url, client, person):
    user = person()
    for _ in range(5):
        client.post("/login", data={"login": user.login, "password": "wrong"})
    printed = run(tmp_path, "users", "unlock", user.login, DATABASE_URL=database_url)
    assert printed == f"已解锁 {user.login}\n"
    data = {"login": user.login, "password": factories.PASSWORD}
    assert client.post("/login", data=data).status_code == 303


def test_s82_changing_the_encryption_key(tmp_path, database_url, database):
    from marketplace.models import Provider
    from marketplace.services.accounts import second_factor
    from marketplace.services.pool import contacts

    old, new = "the former key long enough for this", "the newer key just as long as the other"
    with database.unit_of_work() as session:
        user, provider = factories.make_user(session), factories.make_provider(session)
        factories.make_user(session)
        former = Cipher([old])
        user.totp_secret_encrypted = former.seal("SECRET", second_factor.place(user.id))
        sealed = former.seal("0532-80001234", contacts.place(provider.id))
        provider.contact_phone_encrypted = sealed
    env = {
        "DATABASE_URL": database_url, "ENCRYPTION_KEY": new, "ENCRYPTION_KEY_FALLBACKS": old,
    }  # fmt: skip
    assert run(tmp_path, "users", "reseal", **env) == "已用新密钥重新加密 2 项\n"
    assert run(tmp_path, "users", "reseal", **env) == "已用新密钥重新加密 0 项\n"
    alone = Cipher([new])
    with database.reading() as session:
        secret = session.get_one(User, user.id).totp_secret_encrypted
        phone = session.get_one(Provider, provider.id).contact_phone_encrypted
        assert alone.open(secret, second_factor.place(user.id)) == "SECRET"
        assert alone.open(phone, contacts.place(provider.id)) == "0532-80001234"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"ENCRYPTION_KEY": "short"}, "ENCRYPTION_KEY"),
        ({"BASE_URL": "http://pool.example"}, "https"),
        ({"FLASK_DEBUG": "1"}, "DEBUG"),
        ({"DEBUG": "true"}, "DEBUG"),
        ({"MARKETPLACE_MODE": "demo"}, "演示模式"),
        ({"MARKETPLACE_MODE": "prod"}, "MARKETPLACE_MODE"),
        ({"PORT": "65536"}, "PORT"),
        ({"BASE_URL": "https://pool.example:70000"}, "BASE_URL"),
        ({"DATABASE_URL": "postgresql://pool:x@db:0/pool"}, "DATABASE_URL"),
        ({"SEARCH_URL": "https://u:p@es-1:9200,es-2:99999/pool"}, "SEARCH_URL"),
        ({"SEARCH_URL": "https://[::1]:66000/pool"}, "SEARCH_URL"),
        ({"MAIL_URL": "smtp://mail:smtp"}, "MAIL_URL"),
        ({"SCANNER_URL": "clamd://scan:65536"}, "SCANNER_URL"),
    ],
)
def test_s33_s25_unsafe_settings_refuse_to_start(database_url, changes, word):
    with pytest.raises(UnsafeSettings, match=word):
        Settings.from_env({**PRODUCTION, **changes})


@pytest.mark.parametrize("url", ["http://es:9200/Upper", "http:///pool", "solr://es/pool"])
def test_an_address_that_is_no_search_engine_refuses_to_start(database_url, tmp_path, url):
    env = {**PRODUCTION, "MARKETPLACE_DATA": str(tmp_path), "SEARCH_URL": url}
    with pytest.raises(UnsafeSettings, match="启动被拒绝：SEARCH_URL"):
        create_app(Settings.from_env(env))


def test_s33_safe_settings_start(database_url, tmp_path):
    places = {"SEARCH_URL": "https://es-1:65535,[::1],[::1]:9200/p", "MAIL_URL": "smtp://m:25"}
    settings = Settings.from_env({**PRODUCTION, **places, "MARKETPLACE_DATA": str(tmp_path)})
    assert (settings.demo, settings.https) == (False, True)


def test_demo_accounts_exist_in_the_demo_only(tmp_path, database_url, settings):
    from marketplace.errors import Forbidden
    from marketplace.phases import Role
    from marketplace.services.accounts import sessions
    from marketplace.services.demo import demo_accounts

    demo = Settings.from_env({"MARKETPLACE_DATA": str(tmp_path)})
    engine = make_engine(demo.database_url)
    upgrade(engine)
    with Database(engine).unit_of_work() as session:
        made = demo_accounts.ensure(session, demo)
        assert made == [account.login for account in demo_accounts.DEMO_ACCOUNTS]
        assert demo_accounts.ensure(session, demo) == []
        held = {
            grant.role
            for user in session.scalars(select(User))
            for grant in sessions.live_grants(session, user.id)
        }
        assert held == {role.value for role in Role}
        with pytest.raises(Forbidden):
            demo_accounts.ensure(session, settings)
    engine.dispose()
