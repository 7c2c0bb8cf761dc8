"""The web server: a few worker processes with threads; see quality notes in the comments."""

import multiprocessing
import os

from marketplace.settings import Settings

settings = Settings.from_env()

bind = f"{settings.host}:{settings.port}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", multiprocessing.cpu_count()))
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True
max_requests = 5000
max_requests_jitter = 500
graceful_timeout = 30
keepalive = 5
accesslog = None  # the application writes its own line, without secrets in addresses
# The application alone decides whom to believe (TRUSTED_PROXIES).
forwarded_allow_ips = ""
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None


def post_fork(server, worker):
    """Connections must not be shared between processes."""
    from marketplace.wsgi import app

    app.extensions["database"].engine.dispose(close=False)
