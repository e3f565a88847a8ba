"""All settings, values from the environment. Business policy is not here: it is versioned data in the database.

Importing this module has no effect on the machine beyond reading (and on first use making) ``var/secret.key``.
"""

import secrets
from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from prm import embedded, logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

TIME_ZONE = env("PRM_TIME_ZONE", default="Europe/Warsaw")  # of the programme: where its days end
PRODUCTION = env.bool("PRM_PRODUCTION", default=False)
DEBUG = env.bool("PRM_DEBUG", default=False)
VAR_DIR = embedded.var_dir()


def _local_secret() -> str:
    """A secret of this machine for use without configuration, made once and kept in the data folder."""
    path = VAR_DIR / "secret.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.token_urlsafe(50))
        path.chmod(0o600)
    return path.read_text()


if PRODUCTION:  # no default may stand in for a secret: a missing one stops the start with its name
    SECRET_KEY = env("PRM_SECRET_KEY")
    ALLOWED_HOSTS = env.list("PRM_ALLOWED_HOSTS")
    env("DATABASE_URL"), env("REDIS_URL")
else:
    SECRET_KEY = env("PRM_SECRET_KEY", default="") or _local_secret()
    ALLOWED_HOSTS = env.list("PRM_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("PRM_CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "prm.apps.PrmConfig",
    "common",
    "partners",
    "tiers",
    "crm",
    "deals",
    "incentives",
    "insights",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
    "django_countries",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "template_partials.apps.SimpleAppConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "prm.middleware.ActorMiddleware",
    "prm.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "prm.urls"
WSGI_APPLICATION = "prm.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "django.contrib.humanize.templatetags.humanize",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "prm.context.navigation",
            ],
        },
    }
]

# Engines

REDIS_URL = env("REDIS_URL", default="") or embedded.redis_url()
DATABASE_ROLE = env("PRM_DATABASE_ROLE", default="")  # the role that web, worker and beat take on; none for migrations

if embedded.needs_postgres():
    DATABASES: dict[str, dict[str, Any]] = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": str(embedded.socket_dir()),
            "USER": "postgres",
            "NAME": embedded.DATABASE_NAME,
        }
    }
else:
    DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASE_ROLE:
    DATABASES["default"].setdefault("OPTIONS", {})["assume_role"] = DATABASE_ROLE
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "prm",
    }
}

NIGHTLY_SLICE_SIZE = env.int("PRM_NIGHTLY_SLICE_SIZE", default=200)  # partners that one worker takes at a time
TIER_SLICE_SIZE = env.int("PRM_TIER_SLICE_SIZE", default=5000)  # for tier reviews, which the database does
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TIMEZONE = TIME_ZONE  # 02:00 in the timetable is the programme's 02:00
CELERY_TASK_DEFAULT_QUEUE = env("PRM_CELERY_QUEUE", default="prm")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True  # a hint that comes twice does no harm: PostgreSQL is the queue of record
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "nightly": {"task": "prm.tasks.start_nightly", "schedule": crontab(hour=2, minute=0)},
    "words": {"task": "prm.tasks.recount_words", "schedule": crontab(hour=1, minute=30)},
    "digests": {"task": "prm.tasks.send_digests", "schedule": crontab(hour=7, minute=0)},
    "breaches": {"task": "prm.tasks.sweep_breaches", "schedule": crontab(minute=20)},
    "protections": {"task": "prm.tasks.keep_protections", "schedule": crontab(minute="*/10")},
    "sweep": {"task": "prm.tasks.sweep", "schedule": env.float("PRM_SWEEP_SECONDS", default=15.0)},
}

# People

AUTH_USER_MODEL = "partners.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if embedded.is_throwaway():  # tests sign in hundreds of times
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "prm.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_PREVENT_ENUMERATION = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_TOTP_ISSUER = "PRM"
USERSESSIONS_TRACK_ACTIVITY = False  # it would write a row for every page that anybody reads
IDP_OIDC_PRIVATE_KEY = env("PRM_OIDC_PRIVATE_KEY", default="")  # signs ID tokens; access tokens are opaque
IDP_OIDC_ADAPTER = "prm.api.OidcAdapter"

# Security

SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# Language, time, money

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]  # a language is offered once its catalogue is complete: half a page is none
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = True
BASE_CURRENCY = env("PRM_BASE_CURRENCY", default="EUR")  # programme, score book and CEO figures are kept in it

# Files, mail

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static" if PRODUCTION else None  # otherwise WhiteNoise serves straight from the sources
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = VAR_DIR / "media"
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env("PRM_DEFAULT_FROM_EMAIL", default="PRM <prm@localhost>")
BASE_URL = env(  # where links in mails lead
    "PRM_BASE_URL", default=f"https://{ALLOWED_HOSTS[0].lstrip('.')}" if PRODUCTION else "http://localhost:8000"
).rstrip("/")

# API

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # a thousand sales fit easily
UPLOAD_MAX_SIZE = 64 * 1024 * 1024  # a form with a file; forms themselves take less, and can say so
FILE_UPLOAD_HANDLERS = [
    "prm.uploads.CappedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["common.api.authentication.ClientTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["common.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "common.api.pagination.PublicCursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "common.api.schema.ProblemAutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "common.api.problems.problem_response",
    "PAGE_SIZE": 50,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Partner relationship management",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {  # fields called the same in different objects
        "CustomerSource": "crm.choices.CustomerSource",
        "ProductKind": "crm.choices.ProductKind",
        "SaleStatus": "crm.choices.SaleStatus",
        "DealSource": "deals.choices.registrations.DealSource",
        "RegistrationStatus": "deals.choices.registrations.RegistrationStatus",
        "RuleVerdict": "deals.choices.engagement.RuleVerdict",
        "SalesStage": "deals.choices.registrations.SalesStage",
        "JournalKind": "incentives.choices.JournalKind",
        "StatementStatus": "incentives.choices.StatementStatus",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
}

LOGGING = logs.configuration(as_json=PRODUCTION)
COTTON_DIR = "cotton"
