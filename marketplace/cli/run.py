"""``marketplace run``: web and worker together."""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

import click

from marketplace import migrate
from marketplace.cli.context import database, settings
from marketplace.settings import ROOT

RESTART_PAUSE_SECONDS = 2.0
STOP_SECONDS = 35


@click.command("run", help="启动网站和后台进程")
@click.option("--web-only", is_flag=True, help="只启动网站")
def run_command(web_only: bool) -> None:
    """Serve until SIGTERM or Ctrl-C; a worker that dies is started again."""
    if migrate.current(database().engine) != migrate.head():
        raise click.ClickException("数据库不是最新版本，请先运行 marketplace db upgrade")
    database().engine.dispose()
    _announce()
    Supervisor(web_only).run()


class Supervisor:
    """Keeps the web server and one worker alive; ends when the web server ends."""

    def __init__(self, web_only: bool) -> None:
        self._web_only = web_only
        self._stopping = False
        self._children: list[subprocess.Popen[bytes]] = []

    def run(self) -> None:
        """Start both, wait, stop both."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        config = str(ROOT / "config" / "gunicorn.conf.py")
        web = self._start("-m", "gunicorn", "-c", config, "marketplace.wsgi:app")
        worker = None if self._web_only else self._start("-m", "marketplace.cli", "worker")
        while web.poll() is None:
            time.sleep(0.2)
            if worker is not None and worker.poll() is not None and not self._stopping:
                time.sleep(RESTART_PAUSE_SECONDS)
                worker = self._start("-m", "marketplace.cli", "worker")
        self._stop(signal.SIGTERM, None)
        for child in self._children:
            child.wait(STOP_SECONDS)
        if web.returncode and not self._stopping:
            raise SystemExit(web.returncode)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        # Own session: Ctrl-C reaches the children through us, once.
        child = subprocess.Popen(  # noqa: S603  our own interpreter and constant arguments
            [sys.executable, *arguments], cwd=ROOT, env=dict(os.environ), start_new_session=True
        )
        self._children.append(child)
        return child

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        for child in self._children:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)


def _announce() -> None:
    click.echo(f"\n  服务商资源池  {settings().base_url}\n")
    if settings().demo:
        from marketplace.services.demo.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD

        click.echo(f"  演示账号（口令均为 {DEMO_PASSWORD}）：")
        for account in DEMO_ACCOUNTS:
            click.echo(f"    {account.login:<32} {account.label}")
        click.echo("\n  演示只在本机开放；按 Ctrl-C 结束。\n")
