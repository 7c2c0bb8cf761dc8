"""What the web server loads: ``gunicorn -c config/gunicorn.conf.py marketplace.wsgi:app``."""

from marketplace import create_app

flask_app = create_app()
app = flask_app
