"""The WSGI application that gunicorn loads: https://docs.djangoproject.com/en/5.2/howto/deployment/wsgi/"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")

import django

from loopkit.http.chunked import readable
from loopkit.http.head_requests import bodiless
from loopkit.http.plain_headers import Handler, plain_headers
from tenants.limits.early_refusal import refusing

django.setup(set_prefix=False)
application = readable(refusing(bodiless(plain_headers(Handler()))))
