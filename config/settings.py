"""Django's settings. What may differ between machines comes from config/env.py; the rest is fixed here."""

from typing import Any, Final

from config.database import database_settings
from config.dev_keys import load_dev_keys
from config.env import PROJECT_DIR, load_env
from config.logs import configure_structlog, logging_settings
from config.postgres import embedded_url

ENV: Final = load_env()
IS_PRODUCTION: Final = ENV.is_production
BASE_DIR: Final = PROJECT_DIR
DATA_DIR: Final = ENV.data_dir

# Keys
if ENV.secret_key and ENV.secret_keys:
    SECRET_KEY, HOLDPOINT_SECRET_KEYS = ENV.secret_key, ENV.secret_keys
else:
    _kept = load_dev_keys(DATA_DIR)
    SECRET_KEY = ENV.secret_key or _kept.secret_key
    HOLDPOINT_SECRET_KEYS = ENV.secret_keys or _kept.secret_keys

DEBUG = False  # never on: error pages belong to people, details to the log
ALLOWED_HOSTS = list(ENV.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(ENV.trusted_origins)
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",  # indexes over expressions with an operator class
    "django_q",
    "pgtrigger",
    "django_tables2",
    "django_filters",
    "django_htmx",
    "core",
    "integration",
    "reconciliation",
    "exceptions",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.web.reader.ReaderMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.frame.frame",
            ],
        },
    },
]

# Database
DATABASES = {"default": database_settings(ENV.database_url or embedded_url())}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "config.accounts.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by an administrator, who knows the address
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Holdpoint"
SESSION_COOKIE_AGE = 12 * 60 * 60  # one working day
EMAIL_BACKEND = f"django.core.mail.backends.{'dummy' if IS_PRODUCTION else 'console'}.EmailBackend"

# Language and time
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# Static files
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
_STATIC_STORAGE = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if IS_PRODUCTION
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC_STORAGE},
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
WHITENOISE_AUTOREFRESH = not IS_PRODUCTION

# Headers and cookies
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = IS_PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked for inside the network, without TLS
SECURE_HSTS_SECONDS = ENV.hsts_seconds if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_PRODUCTION
SECURE_HSTS_PRELOAD = IS_PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.behind_proxy else None
SESSION_COOKIE_SECURE = IS_PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = IS_PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# Queue: it only wakes us up; attempts and leases live on our own rows. Why each number: docs/architecture.md.
Q_CLUSTER: dict[str, Any] = {
    "name": "holdpoint",
    "orm": "default",
    "broker_class": "core.queue.broker.PgBroker",
    "workers": 1,
    "queue_limit": 1,
    "bulk": 1,
    "timeout": 60,
    "retry": 240,  # longer than timeout x ceil((workers + queue_limit + bulk) / workers), or work is done twice
    "poll": 0.1,
    "save_limit": -1,
    "ack_failures": True,
    "max_attempts": 1,  # attempts live in our rows
    "catch_up": False,
    "recycle": 500,
    "max_rss": 400_000,
    "label": "Queue",
    "ALT_CLUSTERS": {
        # More than one worker each: a shop that hangs holds one of them up to its deadline, not the lane.
        # Orders are read apart from being accepted, so that shops that hang delay no answer to the others.
        # "nice" is how far a queue stands back where the processor is short: nothing comes before an acceptance.
        "accept": {"workers": 2, "timeout": 60, "retry": 240},
        "orders": {"workers": 3, "timeout": 60, "retry": 240},
        "import": {"workers": 2, "timeout": 120, "retry": 480, "nice": 5},
        "dispatch": {"workers": 2, "timeout": 120, "retry": 480, "nice": 5},
        # A full reading keeps one of them for as long as it lasts; numbers are worked out and told meanwhile.
        "stock": {"workers": 4, "timeout": 240, "retry": 960, "nice": 8},
        "watch": {"workers": 1, "timeout": 120, "retry": 480, "nice": 10},
    },
}
HOLDPOINT_JOBS = "config.schedules.JOBS"

# History of stock
HOLDPOINT_STOCK_HISTORY_DAYS, HOLDPOINT_STOCK_HOURS_DAYS = ENV.stock_history_days, ENV.stock_hours_days

# Logs
LOGGING = logging_settings(level=ENV.log_level, log_format=ENV.log_format)
configure_structlog()
