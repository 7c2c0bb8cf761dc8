"""gunicorn: gthread workers over one preloaded application (reasons: see the README)."""

import gc
import os

from marketplace.settings import Settings

_settings = Settings.from_env()

bind = f"{_settings.host}:{_settings.port}"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
preload_app = True
timeout = 30
graceful_timeout = 30
keepalive = 5
max_requests = 5000
max_requests_jitter = 500
worker_tmp_dir = "/dev/shm"  # noqa: S108  heartbeat files belong in memory
control_socket_disable = True
forwarded_allow_ips = ""  # who may speak for others is decided by TRUSTED_PROXIES alone
errorlog = "-"
loglevel = "warning"


def when_ready(server: object) -> None:
    """The application lives as long as its processes: no collection of garbage need walk it, and
    the workers share its memory."""
    gc.collect()
    gc.freeze()


def post_fork(server: object, worker: object) -> None:
    """A connection made before the fork must not be used by two processes."""
    from marketplace.wsgi import flask_app

    flask_app.extensions["database"].engine.dispose(close=False)
