"""
Everything an operator can turn: the only reader of the environment. README.md has the table; a test keeps them equal.

Django's own reference: https://docs.djangoproject.com/en/5.2/ref/settings/
"""

import os
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import dj_database_url
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from loopkit.secret_files import stored_secret

T = TypeVar("T")
BASE_DIR = Path(__file__).resolve().parent.parent
LOOPKIT_VERSION = "0.1.0"
MAILERS = {"": "dummy", "file": "filebased", "smtp": "smtp", "smtp+tls": "smtp", "smtps": "smtp"}
MAIL_PORTS = {"smtp+tls": 587, "smtps": 465}


def env(name: str, default: T, cast: Callable[[str], T]) -> T:
    """The variable's value; the default if unset. A bad value stops the start, by name."""
    raw = os.environ.get(name)
    try:
        return default if raw is None else cast(raw)
    except ValueError as error:
        shown = re.sub(r"//[^@/]*@", "//***@", str(raw))  # a log is no place for a database's password
        raise ImproperlyConfigured(f"{name}={shown!r}: {error}") from error


def switch(raw: str) -> bool:
    """`1 true yes on` or `0 false no off`, any case."""
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    try:
        return words[raw.strip().lower()]
    except KeyError:
        raise ValueError("use 1 or 0") from None


def words(raw: str) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in raw.split(",") if word.strip()]


def natural(raw: str) -> int:
    """A whole number above zero."""
    number = int(raw)
    if number < 1:
        raise ValueError("must be 1 or more")
    return number


def port(raw: str) -> int:
    """A TCP port."""
    number = natural(raw)
    if number > 65535:
        raise ValueError("must be 65535 at most")
    return number


def whole(raw: str) -> int:
    """A whole number, zero or above."""
    number = int(raw)
    if number < 0:
        raise ValueError("must be 0 or more")
    return number


def rate(raw: str) -> str:
    """A rate as django-ratelimit writes it: https://django-ratelimit.readthedocs.io/en/stable/rates.html"""
    if not re.fullmatch(r"\d+/([1-9]\d*)?[smhd]", raw):
        raise ValueError("write it as count/period, such as 20/h or 5/10m")
    return raw


def public_url(raw: str) -> str:
    """The origin that clients use, without a path."""
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/"):
        raise ValueError("write it as https://host[:port], without a path")
    return f"{parts.scheme}://{parts.netloc}"


def log_level(raw: str) -> str:
    """A level of Python's logging, any case: https://docs.python.org/3/library/logging.html#logging-levels"""
    if raw.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise ValueError("use DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return raw.upper()


def database_url(raw: str) -> str:
    """A URL of SQLite or PostgreSQL, the databases that LoopKit's statements are written for."""
    try:
        known = dj_database_url.parse(raw)["ENGINE"].endswith(("sqlite3", "postgresql"))
    except ValueError:  # its message lists databases that would not do
        known = False
    if not known:
        raise ValueError("use sqlite:///path or postgres://user:password@host/name")
    return raw


def cache_url(raw: str) -> str:
    """A Redis URL, where the package for it is installed; "" for none."""
    if raw and not raw.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("write it as redis://host:6379/0")
    if raw and find_spec("redis") is None:
        raise ValueError('this needs a package: pip install "redis>=5,<9"')
    return raw


def email_url(raw: str) -> str:
    """A mail server or a folder; "" for no mail."""
    parts = urlsplit(raw)
    known = parts.hostname and parts.scheme in {"smtp", "smtp+tls", "smtps"}
    if raw and not known and not (parts.scheme == "file" and parts.path):
        raise ValueError("use smtp+tls://user:password@host:587, smtps://, smtp:// or file:///folder")
    return raw


# Where things are kept
LOOPKIT_DATA_DIR = env("LOOPKIT_DATA_DIR", BASE_DIR / "var", Path).resolve()
DATABASES = {
    "default": dj_database_url.parse(
        env("LOOPKIT_DATABASE_URL", f"sqlite:///{LOOPKIT_DATA_DIR}/control.sqlite3", database_url),
        conn_max_age=600,
        conn_health_checks=True,  # or each kept connection fails one request after PostgreSQL restarted
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = False  # a file does not hang up
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a transaction that upgrades to a write later fails at once, without waiting
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
DATABASE_ROUTERS = ["tenants.router.ProjectRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOOPKIT_OPEN_STORES = env(
    "LOOPKIT_OPEN_STORES", 48, natural
)  # 3 descriptors each; 256 a process is the promise

# Secrets: given, or made once in the data dir
SECRET_KEY = env("LOOPKIT_SECRET_KEY", "", str) or stored_secret(LOOPKIT_DATA_DIR, "django")
SIGNUP_UPGRADE_SECRET = env("SIGNUP_UPGRADE_SECRET", None, str)
if SIGNUP_UPGRADE_SECRET is None:
    SIGNUP_UPGRADE_SECRET = stored_secret(LOOPKIT_DATA_DIR, "signup-upgrade")
LOOPKIT_AUDIT_SECRET = env("LOOPKIT_AUDIT_SECRET", "", str) or stored_secret(LOOPKIT_DATA_DIR, "audit")

# The server
DEBUG = env("LOOPKIT_DEBUG", False, switch)
LOOPKIT_BIND = env("LOOPKIT_BIND", "127.0.0.1", str)
PORT = env("PORT", 8000, port)
LOOPKIT_WORKERS = env("LOOPKIT_WORKERS", 2, natural)
LOOPKIT_THREADS = env("LOOPKIT_THREADS", 8, natural)
if LOOPKIT_OPEN_STORES + LOOPKIT_THREADS > 70:
    raise ImproperlyConfigured(
        "LOOPKIT_OPEN_STORES + LOOPKIT_THREADS must be 70 at most: each holds 3 of the process's 256 descriptors."
    )
LOOPKIT_LOG_LEVEL = env("LOOPKIT_LOG_LEVEL", "INFO", log_level)
LOOPKIT_PUBLIC_URL = env("LOOPKIT_PUBLIC_URL", "", public_url)
LOOPKIT_TRUSTED_PROXIES = env(
    "LOOPKIT_TRUSTED_PROXIES", 0, whole
)  # how many proxies append to X-Forwarded-For
ALLOWED_HOSTS = env("LOOPKIT_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"], words)
if LOOPKIT_PUBLIC_URL:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, str(urlsplit(LOOPKIT_PUBLIC_URL).hostname)]
    CSRF_TRUSTED_ORIGINS = [LOOPKIT_PUBLIC_URL]
LOOPKIT_CONTACT_EMAIL = env("LOOPKIT_CONTACT_EMAIL", "", str)
LOOPKIT_ROUND_SECONDS = env("LOOPKIT_ROUND_SECONDS", 300, whole)

# Mail: https://docs.djangoproject.com/en/5.2/ref/settings/#email-backend
LOOPKIT_EMAIL_URL = env("LOOPKIT_EMAIL_URL", "", email_url)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("LOOPKIT_EMAIL_FROM", "loopkit@localhost", str)
mail = urlsplit(LOOPKIT_EMAIL_URL)
EMAIL_BACKEND = f"django.core.mail.backends.{MAILERS[mail.scheme]}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = mail.hostname or "", mail.port or MAIL_PORTS.get(mail.scheme, 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(mail.username or ""), unquote(mail.password or "")
EMAIL_USE_TLS, EMAIL_USE_SSL = mail.scheme == "smtp+tls", mail.scheme == "smtps"
EMAIL_TIMEOUT = 20  # seconds; a server that says nothing must not hold up the rounds
EMAIL_FILE_PATH = mail.path if mail.scheme == "file" else None

# Limits
LOOPKIT_MAX_BODY_BYTES = env("LOOPKIT_MAX_BODY_BYTES", 64 * 1024 * 1024, natural)  # after decompression
LOOPKIT_MAX_VALUE_BYTES = env(
    "LOOPKIT_MAX_VALUE_BYTES", 1024 * 1024, natural
)  # a model's whole context of 200,000 tokens is about 800 KB of text
# Besides those of telemetry/scrubbing/names.py
LOOPKIT_SCRUB_KEYS: list[str] = env("LOOPKIT_SCRUB_KEYS", [], words)
LOOPKIT_MINT_RATE = env("LOOPKIT_MINT_RATE", "20/h", rate)
LOOPKIT_RECOVER_RATE = env("LOOPKIT_RECOVER_RATE", "10/h", rate)
LOOPKIT_FEEDBACK_RATE = env("LOOPKIT_FEEDBACK_RATE", "60/m", rate)  # its key lies in public pages
LOOPKIT_SANDBOX_SPANS = env("LOOPKIT_SANDBOX_SPANS", 5000, natural)
LOOPKIT_SANDBOX_DAYS = env("LOOPKIT_SANDBOX_DAYS", 14, natural)
PROVISION_AUTO_GRADUATE = env("PROVISION_AUTO_GRADUATE", False, switch)

# Django
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "django_ratelimit",
    "rest_framework",
    "drf_spectacular",
    "loopkit",
    "tenants",
    "telemetry",
    "diagnosis",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "loopkit.urls"
WSGI_APPLICATION = "loopkit.wsgi.application"
APPEND_SLASH = False  # exporters take a redirect for success and lose the spans
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # serves static/ and the admin's files in place: no collectstatic step
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"

CACHES = {"default": {"BACKEND": "tenants.counter_cache.CounterCache"}}
LOOPKIT_CACHE_URL = env("LOOPKIT_CACHE_URL", "", cache_url)
if LOOPKIT_CACHE_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": LOOPKIT_CACHE_URL,
    }
RATELIMIT_IP_META_KEY = "tenants.limits.client_address"
RATELIMIT_IPV6_MASK = 64  # one network, as providers hand them out
SILENCED_SYSTEM_CHECKS = [
    "django_ratelimit.W001",  # names the backends its authors tested; ours counts exactly, and tests show it
    "security.W008",  # no redirect to https here: on /v1/traces it loses spans, so the proxy does it for people
    "security.W005",  # HSTS for this host only: whether its subdomains speak https is their owner's to say
    "security.W021",  # and so is the browsers' preload list
]

# Safety in browsers
HTTPS = LOOPKIT_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "loopkit.http.error_answers.csrf_failed"
if LOOPKIT_TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Browser exporters and feedback widgets send from other origins, with a key and never with cookies.
CORS_URLS_REGEX = r"^/v1/(feedback|traces|logs|metrics)/?$"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_HEADERS = [*default_headers, "content-encoding", "*"]  # "*" is any other but Authorization
CORS_EXPOSE_HEADERS = [
    "Retry-After",
    *[f"X-LoopKit-{name}" for name in ("Accepted", "Duplicates", "Rejected", "Stored")],
]

# The HTTP interface
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["loopkit.rendering.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["loopkit.parsing.JsonObjectParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "loopkit.rendering.OnlyNegotiation",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "loopkit.http.error_answers.handle",
    "URL_FORMAT_OVERRIDE": None,  # `format` is a parameter of ours
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LoopKit API",
    "VERSION": LOOPKIT_VERSION,
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": (
        "Agent-first improvement loops over production telemetry. Producers write OTLP spans; agents run diagnosis "
        "and read bounded evidence windows. External writes are human-approved."
    ),
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RecordSeverity": ["low", "medium", "high"],
        "IssueSeverity": ["low", "medium", "high", "critical"],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOOPKIT_LOG_LEVEL},
    "filters": {
        "unsaid": {  # a 503 is logged where its reason is known: loopkit/http/store_fault.py
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: getattr(record, "status_code", 0) != 503,
        }
    },
    "loggers": {  # a refused request is the client's affair
        "django.request": {"level": "ERROR", "filters": ["unsaid"]}
    },
}
