"""What the web server loads: ``gunicorn -c config/gunicorn.conf.py marketplace.wsgi:app``."""

from marketplace import create_app
from marketplace.indexing.wiring import warm

flask_app = create_app()
warm()
app = flask_app
