"""A database that is gone: pages say so, the process lives (E30)."""

from dataclasses import replace

import pytest

from marketplace import create_app


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_e30_without_database(settings, tmp_path):
    gone = create_app(replace(settings, database_url=f"sqlite:///{tmp_path}/nowhere/pool.db"))
    client = gone.test_client()
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["database"]) == (503, "failed")
    for path in ("/cases", "/providers"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10"), path
        assert "数据库暂时不可用" in answer.text
    client.set_cookie("__Host-sid", "x" * 43, secure=True)
    assert client.get("/login").status_code == 503
    gone.extensions["database"].engine.dispose()
