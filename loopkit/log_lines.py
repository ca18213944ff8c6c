"""What is left out of the log."""

import logging


def without_clients_traceback(record: logging.LogRecord) -> bool:
    """
    Remove the traceback from a record of a request that Django refuses, such as one with a wrong Host: the fault is
    the client's, and one line says it. Returns true, since a filter's False would drop the record.

    https://docs.djangoproject.com/en/5.2/ref/logging/#django-security
    """
    if record.name.startswith("django.security."):
        record.exc_info = record.exc_text = None
    return True
