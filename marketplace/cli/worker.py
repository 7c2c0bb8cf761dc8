"""``marketplace worker``: the background process alone."""

import signal
import threading

import click

from marketplace.cli.context import database, settings
from marketplace.logs import configure
from marketplace.worker import Worker
from marketplace.worker_jobs import jobs


@click.command("worker", help="后台进程：索引、邮件、封存；可启动多个，同时只有一个工作")
def worker_command() -> None:
    """Work until SIGTERM or SIGINT; the running job is finished first."""
    configure(settings())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Worker(database(), jobs(settings(), database())).run(stop)
