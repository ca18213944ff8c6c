#!/usr/bin/env python
"""Django's command line: `manage.py prepare` makes the data dir, `manage.py help` lists the rest."""

import os
import sys

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"LoopKit cannot start: {error}")
    except Exception as error:
        if not apps.ready:
            raise
        from tenants.stores.binding import explained

        if (cause := explained(error)) is error:
            raise
        sys.exit(str(cause))
