"""Where an Elasticsearch is and who may use it, as SEARCH_URL and the settings say."""

import pytest

from marketplace.settings import Settings
from search import Unavailable
from search.engines.elastic_address import Address


def test_the_short_form() -> None:
    address = Address.parse("http://127.0.0.1")
    assert address == Address(("http://127.0.0.1:9200",), "mk")
    assert address.shown == "http://127.0.0.1:9200/mk"


def test_everything_at_once() -> None:
    url = (
        "https://pool:p%40ss%2Fword@es-1:9201,es-2,[::1]:9203/city-pool"
        "?ca=/etc/pool/ca.pem&shards=3&replicas=1-2&timeout=2.5"
    )
    assert Address.parse(url) == Address(
        ("https://es-1:9201", "https://es-2:9200", "https://[::1]:9203"),
        "city-pool",
        user="pool",
        password="p@ss/word",
        ca="/etc/pool/ca.pem",
        shards=3,
        replicas="1-2",
        timeout=2.5,
    )


@pytest.mark.parametrize(
    "url",
    [
        "http:///mk",
        "http://a b/mk",
        "http://host:9200/Upper",
        "http://host:9200/a/b",
        "http://host:9200/-x",
        "http://host:x/mk",
        "http://host:0/mk",
        "http://host:9200,host:65536/mk",
        "http://user:hunter2@host:99999/mk",
        "http://host/mk?shards=0",
        "http://host/mk?shards=1000",
        "http://host/mk?replicas=many",
        "http://host/mk?timeout=0",
        "http://host/mk?timeout=nan",
        "http://host/mk?replica=1",
        "http://user:hunter2@/mk",
        "http://user:hunter2@host,/mk",
        "http://user:hunter2@[::1/mk",
    ],
)
def test_what_is_no_address_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(Unavailable, match="SEARCH_URL") as caught:
        Address.parse(url)
    assert "hunter2" not in str(caught.value)


def test_secrets_stay_out_of_what_is_shown() -> None:
    address = Address.parse("https://pool:hunter2@host/mk?api_key=hunter3")
    assert "hunter" not in repr(address) + address.shown
    assert (address.password, address.api_key) == ("hunter2", "hunter3")


def test_the_environment_may_name_them_apart() -> None:
    settings = Settings.from_env(
        {
            "SEARCH_URL": "https://host:9200/mk?shards=2",
            "SEARCH_API_KEY": "a=&b/+",
            "SEARCH_CA": "/etc/ca.pem",
        }
    )
    assert Address.parse(settings.search_url) == Address(
        ("https://host:9200",), "mk", api_key="a=&b/+", ca="/etc/ca.pem", shards=2
    )
    assert "a=&b" not in repr(settings) and "a%3D" not in repr(settings)


def test_a_folder_needs_no_account() -> None:
    url = "tantivy:///srv/index"
    assert Settings.from_env({"SEARCH_URL": url, "SEARCH_PASSWORD": "x"}).search_url == url
