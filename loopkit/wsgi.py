"""The WSGI application that gunicorn loads: https://docs.djangoproject.com/en/5.2/howto/deployment/wsgi/"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")

from django.core.wsgi import get_wsgi_application

from loopkit.http.chunked import readable
from loopkit.http.head_requests import bodiless
from tenants.limits.early_refusal import refusing

application = readable(refusing(bodiless(get_wsgi_application())))
