"""
Gunicorn's log with the bounds of every other line: gunicorn logs requests that are not HTTP.

https://docs.gunicorn.org/en/stable/settings.html#logger-class
"""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from loopkit.log_lines import BoundedLines, BoundedRate


class BoundedServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's log on stderr, in lines of bounded length and number."""

    def setup(self, cfg: Any) -> None:
        """Open the log."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(BoundedLines(self.error_fmt, self.datefmt))
            handler.addFilter(BoundedRate())
