"""The WSGI application that gunicorn loads: https://docs.djangoproject.com/en/5.2/howto/deployment/wsgi/"""

import os

from django.core.wsgi import get_wsgi_application

from loopkit.http.chunked import readable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")

application = readable(get_wsgi_application())
