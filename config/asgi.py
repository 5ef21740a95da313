"""The web application, as uvicorn serves it."""

import os

from django.core.asgi import get_asgi_application

from config.postgres import ensure_running

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
ensure_running()

application = get_asgi_application()
