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
        from loopkit.http import store_fault
        from tenants.stores.binding import explained

        cause = explained(error)
        if not store_fault.is_store_fault(cause):
            raise
        owner = getattr(cause, "store", "") or store_fault.failed_control_database()
        sys.exit(f"{owner or 'A store'}: {store_fault.with_remedy(cause)}")
