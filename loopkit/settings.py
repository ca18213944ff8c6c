"""
Django's settings, and LoopKit's own from environment variables. README.md has the table of variables, which a test
compares with this file.

Django's reference: https://docs.djangoproject.com/en/5.2/ref/settings/
"""

from pathlib import Path
from urllib.parse import urlsplit

import corsheaders.defaults
import csp.constants
import dj_database_url
from django.core.exceptions import ImproperlyConfigured

import loopkit
from loopkit import log_lines
from loopkit.environment import (
    as_whole_number,
    as_words,
    cache_url,
    connections,
    database_url,
    email_url,
    env,
    log_level,
    mail_server,
    natural,
    port,
    public_url,
    rate,
    switch,
)
from loopkit.secret_files import stored_secret

BASE_DIR = Path(__file__).resolve().parent.parent
LOOPKIT_VERSION = loopkit.__version__

# Storage
LOOPKIT_DATA_DIR = env("LOOPKIT_DATA_DIR", BASE_DIR / "var", Path).resolve()
DATABASES = {
    "default": dj_database_url.parse(
        env("LOOPKIT_DATABASE_URL", f"sqlite:///{LOOPKIT_DATA_DIR}/control.sqlite3", database_url),
        conn_max_age=600,
        conn_health_checks=True,  # otherwise each open connection fails one request after PostgreSQL restarts
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["ENGINE"] = "tenants.stores.sqlite_engine"
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = False  # a file does not close connections
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that begins by reading and writes later can fail at once, without waiting for the lock.
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
DATABASE_ROUTERS = ["tenants.stores.router.ProjectRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Each open store holds 3 file descriptors, and a process is to use at most 256 in all.
LOOPKIT_OPEN_STORES = env("LOOPKIT_OPEN_STORES", 48, natural)

# Secrets: from the environment, or generated once in the data dir
LOOPKIT_NEW_SECRETS = env("LOOPKIT_NEW_SECRETS", False, switch)
SECRET_KEY = env("LOOPKIT_SECRET_KEY", "", str) or stored_secret(
    LOOPKIT_DATA_DIR, "django", LOOPKIT_NEW_SECRETS
)
SIGNUP_UPGRADE_SECRET = env("SIGNUP_UPGRADE_SECRET", None, str)
if SIGNUP_UPGRADE_SECRET is None:
    SIGNUP_UPGRADE_SECRET = stored_secret(LOOPKIT_DATA_DIR, "signup-upgrade", LOOPKIT_NEW_SECRETS)
LOOPKIT_AUDIT_SECRET = env("LOOPKIT_AUDIT_SECRET", "", str) or stored_secret(
    LOOPKIT_DATA_DIR, "audit", LOOPKIT_NEW_SECRETS
)

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
# What clients may take of a process: loopkit/worker/limits.py
LOOPKIT_HEADER_SECONDS = env("LOOPKIT_HEADER_SECONDS", 20, natural)
LOOPKIT_STALL_SECONDS = env("LOOPKIT_STALL_SECONDS", 20, natural)
LOOPKIT_MIN_RATE = env("LOOPKIT_MIN_RATE", 500, natural)
LOOPKIT_CONNECTIONS = env("LOOPKIT_CONNECTIONS", 4096, connections)
LOOPKIT_LOG_LEVEL = env("LOOPKIT_LOG_LEVEL", "INFO", log_level)
LOOPKIT_PUBLIC_URL = env("LOOPKIT_PUBLIC_URL", "", public_url)
# How many proxies append to X-Forwarded-For
LOOPKIT_TRUSTED_PROXIES = env("LOOPKIT_TRUSTED_PROXIES", 0, as_whole_number)
ALLOWED_HOSTS = env("LOOPKIT_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"], as_words)
if LOOPKIT_PUBLIC_URL:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, str(urlsplit(LOOPKIT_PUBLIC_URL).hostname)]
    CSRF_TRUSTED_ORIGINS = [LOOPKIT_PUBLIC_URL]
LOOPKIT_CONTACT_EMAIL = env("LOOPKIT_CONTACT_EMAIL", "", str)
LOOPKIT_ROUND_SECONDS = env("LOOPKIT_ROUND_SECONDS", 300, as_whole_number)

# Mail: https://docs.djangoproject.com/en/5.2/ref/settings/#email-backend
LOOPKIT_EMAIL_URL = env("LOOPKIT_EMAIL_URL", "", email_url)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("LOOPKIT_EMAIL_FROM", "loopkit@localhost", str)
_mail = mail_server(LOOPKIT_EMAIL_URL)
EMAIL_BACKEND, EMAIL_FILE_PATH = _mail.backend, _mail.folder
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.use_tls, _mail.use_ssl
EMAIL_TIMEOUT = 20  # seconds; a silent mail server must not delay the periodic jobs

# Limits
LOOPKIT_MAX_BODY_BYTES = env("LOOPKIT_MAX_BODY_BYTES", 64 * 1024 * 1024, natural)  # after decompression
# Bytes of one attribute value. A full model context of 200,000 tokens is about 800 KB of text.
LOOPKIT_MAX_VALUE_BYTES = env("LOOPKIT_MAX_VALUE_BYTES", 1024 * 1024, natural)
# Names of attributes to scrub, in addition to those in telemetry/scrubbing/names.py
LOOPKIT_SCRUB_KEYS: list[str] = env("LOOPKIT_SCRUB_KEYS", [], as_words)
LOOPKIT_MINT_RATE = env("LOOPKIT_MINT_RATE", "20/h", rate)
LOOPKIT_RECOVER_RATE = env("LOOPKIT_RECOVER_RATE", "10/h", rate)
LOOPKIT_FEEDBACK_RATE = env("LOOPKIT_FEEDBACK_RATE", "60/m", rate)  # feedback keys may be in public pages
LOOPKIT_AGENT_RATE = env("LOOPKIT_AGENT_RATE", "300/m", rate)  # calls of tools by one key
LOOPKIT_SANDBOX_SPANS = env("LOOPKIT_SANDBOX_SPANS", 5000, natural)
LOOPKIT_SANDBOX_DAYS = env("LOOPKIT_SANDBOX_DAYS", 14, natural)
LOOPKIT_SANDBOX_GRACE_DAYS = env("LOOPKIT_SANDBOX_GRACE_DAYS", 14, natural)
LOOPKIT_OPEN_LOOPS = env("LOOPKIT_OPEN_LOOPS", 400, natural)
LOOPKIT_PACKETS = env("LOOPKIT_PACKETS", 50, natural)
PROVISION_AUTO_GRADUATE = env("PROVISION_AUTO_GRADUATE", False, switch)

# Apps and middleware
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
    "loopkit.http.host_port.host_port_check",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "loopkit.http.no_store.NoStore",
    "corsheaders.middleware.CorsMiddleware",
    "loopkit.http.content_policy.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "diagnosis.display.visible_answers.VisibleAnswers",
    "diagnosis.agents.budgeted_reads.BudgetedReads",
]

# URLs, pages, times
ROOT_URLCONF = "loopkit.urls"
WSGI_APPLICATION = "loopkit.wsgi.application"
APPEND_SLASH = False  # exporters treat a redirect as success, and the spans are lost
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
# How pages write times and numbers. A number in a URL or an attribute of a template needs `|unlocalize`.
FORMAT_MODULE_PATH = ["loopkit.formats"]
USE_THOUSAND_SEPARATOR = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # serves static/ and the admin's files in place: no collectstatic step

# Passwords and sign-in
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # after signing in with a `next` that leads elsewhere

# Counters of rate limits, and system checks that do not apply
CACHES = {"default": {"BACKEND": "tenants.limits.counter_cache.CounterCache"}}
LOOPKIT_CACHE_URL = env("LOOPKIT_CACHE_URL", "", cache_url)
if LOOPKIT_CACHE_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": LOOPKIT_CACHE_URL,
    }
SILENCED_SYSTEM_CHECKS = [
    # The check accepts only the backends that its authors tested. Ours counts exactly, as tests show.
    "django_ratelimit.W001",
    # No redirect to https: on /v1/traces it would lose spans. The proxy can redirect people.
    "security.W008",
    # HSTS for this host only, and no preload list: whether subdomains support https is for their owner to decide.
    "security.W005",
    "security.W021",
]

# Security in browsers
_is_https = LOOPKIT_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if _is_https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "loopkit.http.error_answers.csrf_failed"
if LOOPKIT_TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        **{key: [csp.constants.NONE] for key in ("default-src", "base-uri", "frame-ancestors")},
        **{key: [csp.constants.SELF] for key in ("script-src", "style-src", "img-src", "font-src")},
        **{key: [csp.constants.SELF] for key in ("connect-src", "form-action")},
    }
}
# Browser exporters and feedback widgets send from other origins, with a key and never with cookies.
CORS_URLS_REGEX = r"^/v1/(feedback|traces|logs|metrics)/?$"
CORS_ALLOW_ALL_ORIGINS = True
# "*" allows any header except Authorization, which is among the default headers.
CORS_ALLOW_HEADERS = [*corsheaders.defaults.default_headers, "content-encoding", "*"]
CORS_EXPOSE_HEADERS = [
    "Retry-After",
    *[f"X-LoopKit-{name}" for name in ("Accepted", "Duplicates", "Conflicts", "Rejected", "Stored")],
]

# The HTTP interface
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.keys.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["loopkit.rendering.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["loopkit.parsing.JsonObjectParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "loopkit.rendering.OnlyNegotiation",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tenants.api.fault_answers.handle_outside_otlp",
    "URL_FORMAT_OVERRIDE": None,  # LoopKit has a query parameter `format` of its own
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

# Logs
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": log_lines.FORMATTERS,
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["clients_fault", "bounded_rate"],
        }
    },
    "root": {"handlers": ["stderr"], "level": LOOPKIT_LOG_LEVEL},
    "filters": log_lines.FILTERS,
    # Django's own handlers are left out, one of which is for LOOPKIT_DEBUG and knows no bounds.
    # Responses with status 4xx are not logged: they are errors of the client.
    "loggers": {
        "django": {"handlers": []},
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR", "filters": ["except_503"]},
    },
}
