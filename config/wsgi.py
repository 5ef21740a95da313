"""The web application, as gunicorn serves it. Threads, not an event loop: why is in docs/adr/."""

import os

from django.core.wsgi import get_wsgi_application

from config.postgres import ensure_running

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
ensure_running()

application = get_wsgi_application()
