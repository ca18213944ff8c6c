"""
Gunicorn's logs with the bounds of every other line, and no secrets: gunicorn logs requests that are not HTTP, and every
request if its operator turns the access log on.

https://docs.gunicorn.org/en/stable/settings.html#logger-class
"""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from loopkit.log_lines import BoundedLines, BoundedRate


class BoundedServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's logs, in lines of bounded length; those of errors of bounded number too."""

    def setup(self, cfg: Any) -> None:
        """Open the logs."""
        others = {
            *self.error_log.handlers,
            *self.access_log.handlers,
        }  # of whoever else listens to these logs
        super().setup(cfg)
        for handler in {*self.error_log.handlers} - others:
            handler.setFormatter(BoundedLines(self.error_fmt, self.datefmt))
            handler.addFilter(BoundedRate())
        for handler in {*self.access_log.handlers} - others:
            handler.setFormatter(BoundedLines(self.access_fmt, self.datefmt))
