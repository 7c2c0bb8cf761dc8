"""Signatures as the specification has them, and what the configuration may say."""

import re
import time

import pytest
import yaml

from marketplace.programmes import webhook_kinds
from marketplace.services.webhooks import signing
from marketplace.settings import Settings, UnsafeSettings, origin_of
from tests.support.source import ROOT

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, STAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_example_of_the_specification() -> None:
    assert signing.headers([SECRET], ID, STAMP, BODY) == {
        "webhook-id": ID, "webhook-timestamp": str(STAMP), "webhook-signature": SIGNATURE,
    }  # fmt: skip
    other = signing.new_secret()
    both = signing.headers([other, SECRET], ID, STAMP, BODY)["webhook-signature"].split()
    assert both[1] == SIGNATURE
    assert both[0] != SIGNATURE
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", other)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_check_in_the_readme_works(name: str) -> None:
    code = re.search(r"```python\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)
    assert code is not None
    space: dict = {}
    exec(code.group(1), space)  # noqa: S102  our own text
    check = space["is_genuine"]
    secret, former = signing.new_secret(), signing.new_secret()
    sent = signing.headers([secret, former], ID, int(time.time()), BODY)
    assert check(secret, sent, BODY)
    assert check(former, sent, BODY)
    assert not check(signing.new_secret(), sent, BODY)
    assert not check(secret, sent, BODY + b" ")
    assert not check(secret, {**sent, "webhook-id": "msg_other"}, BODY)
    old = signing.headers([secret], ID, int(time.time()) - 600, BODY)
    assert not check(secret, old, BODY)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://data.example.gov.cn/hook?a=1", "https://data.example.gov.cn:443"),
        ("http://DATA.example.gov.cn:8080", "http://data.example.gov.cn:8080"),
        ("http://[::1]/", "http://[::1]:80"),
    ],
)
def test_origins(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "https://user:word@a.cn/", "https://a.cn@b.cn/", "https://a.cn\\@b.cn/", "ftp://a.cn/",
        "https://a.cn/#b", "https:///b", "https://a.cn:99999/", "https://a cn/", "https://a.cn/\n",
        "https://例子.cn/", "//a.cn/", "",
    ],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"no web address|no host|Port"):
        origin_of(url)


def test_where_events_may_go_is_a_setting() -> None:
    found = Settings.from_env({"WEBHOOK_ORIGINS": "https://a.cn, http://10.0.0.5:8080"})
    assert found.tells("https://a.cn:443/hook")
    assert found.tells("http://10.0.0.5:8080/")
    for url in ("http://a.cn/", "https://a.cn:444/", "https://b.a.cn/", "http://10.0.0.5/", "x"):
        assert not found.tells(url)
    assert not Settings.from_env({}).tells("https://a.cn/")
    for wrong in ("a.cn", "https://a.cn/hook", "https://u:p@a.cn"):
        with pytest.raises(UnsafeSettings, match="WEBHOOK_ORIGINS"):
            Settings.from_env({"WEBHOOK_ORIGINS": wrong})


def test_steps_that_are_told_and_those_that_are_not() -> None:
    rules = webhook_kinds.rules()
    found = {
        step: (rule := rules.rule(*step)) and rule.kind
        for step in (
            ("memberships", "admit", "new", "listed"),
            ("memberships", "reinstate", "new", "listed"),
            ("memberships", "order_rectification", "suspended", "rectifying"),
            ("memberships", "close_rectification", "rectifying", "listed"),
            ("memberships", "remove", "suspended", "exited"),
            ("public_notices", "notice_publish", "draft", "running"),
            ("public_notices", "notice_discard", "draft", "discarded"),
            ("public_notices", "notice_finish_part", "running", "partly"),
            ("public_notices", "notice_withdraw", "running", "withdrawn"),
        )
    }
    assert list(found.values()) == [
        "provider.listed", "provider.restored", "provider.warned", "provider.restored",
        "provider.removed", "notice.published", None, None, "notice.closed",
    ]  # fmt: skip
    assert {rule.kind for rule in rules.told} == set(rules.kinds)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"told": [{"kind": "provider.sold", "of": "memberships"}]},
        {"told": [{"kind": "provider.listed", "of": "memberships", "to": ["running"]}]},
        {"delays_seconds": []},
        {"keep_days": 0},
    ],
)
def test_a_wrong_file_is_refused(spoilt: dict) -> None:
    data = yaml.safe_load(webhook_kinds.FILE.read_text("utf-8"))
    with pytest.raises(ValueError, match=r"webhooks\.yml"):
        webhook_kinds.parsed({**data, **spoilt})
