"""What the web server loads: ``gunicorn -c config/gunicorn.conf.py marketplace.wsgi:app``."""

import gc

gc.disable()  # modules stay: looking for garbage among them takes a fifth of the start

from marketplace import create_app  # noqa: E402
from marketplace.indexing.wiring import warm  # noqa: E402

flask_app = create_app()
warm()
gc.enable()
app = flask_app
