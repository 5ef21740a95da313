"""How gunicorn serves the pages: `gunicorn --config config/gunicorn.py`. Addresses and ports are given on the command line."""

import os

wsgi_app = "config.wsgi:application"
worker_class = "gthread"
# Pages wait for the database, not for the processor; two processes keep answering while one is replaced.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
# Longer than the slowest page a person may ask for: a connection test, bounded by its own deadline of half a minute.
timeout = 60
graceful_timeout = 20
# A process is replaced now and then, not all at once, so that what a library leaks has an end.
max_requests = 20_000
max_requests_jitter = 2_000
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 -- memory of this machine; no path is built
accesslog = None
errorlog = "-"
loglevel = "warning"
control_socket_disable = True
