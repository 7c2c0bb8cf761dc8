"""What the web server loads: ``gunicorn -c config/gunicorn.conf.py marketplace.wsgi:app``."""

from marketplace import create_app

app = create_app()
