"""The WSGI application that gunicorn loads: https://docs.djangoproject.com/en/5.2/howto/deployment/wsgi/"""

import os

from django.core.wsgi import get_wsgi_application

from loopkit.http.chunked import readable
from loopkit.http.head_requests import bodiless

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")

application = readable(bodiless(get_wsgi_application()))
