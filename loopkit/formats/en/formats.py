r"""
`12 Jul 2026, 14:03 UTC`, in Django's notation of dates, which escapes letters by `\`.

Django reads the settings by name: the admin's columns and `|date:"DATETIME_FORMAT"` in templates use them. For
sentences, `diagnosis/display/quantities.py` writes the same form. TIME_ZONE is UTC, so the zone is a constant.
https://docs.djangoproject.com/en/5.2/ref/templates/builtins/#date
"""

from __future__ import annotations

DATE_FORMAT = "j M Y"
TIME_FORMAT = r"H:i \U\T\C"
DATETIME_FORMAT = rf"{DATE_FORMAT}, {TIME_FORMAT}"
