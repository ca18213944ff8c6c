"""`manage.py demo`, which `make demo` calls: start a server, send recorded telemetry, diagnose, print the packet."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnosis.display.hidden_characters import show_hidden
from loopkit import serving
from loopkit.demo import story
from loopkit.demo.client import RequestRefused


class Command(BaseCommand):
    """Serves until Ctrl-C or SIGTERM, then exits with 0. Every failure is printed with its remedy."""

    help = (
        "Prepare, serve, replay recorded telemetry into the project 'demo', diagnose it, serve until Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fresh", action="store_true", help="A new project, with telemetry of this moment."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            serving.check_port()
            call_command("prepare", stdout=self.stdout)
            self.serve(options["fresh"])
        except (serving.ServerEnded, KeyboardInterrupt):
            self.say("Stopped.")
        except (serving.PortNotFree, serving.NotServing) as error:
            raise CommandError(str(error)) from error
        except (RequestRefused, OSError) as error:
            message = f"{error}\nThe demo stopped there. Run it again; it goes on where it was."
            raise CommandError(show_hidden(message)) from error

    def serve(self, fresh: bool) -> None:
        """Run the server and the steps of the demo, then serve until a signal or until the server ends by itself."""
        self.say("Starting the server")
        with serving.running() as server:
            story.tell_story(serving.url(), settings.LOOPKIT_DATA_DIR / "demo.json", fresh, self.say)
            self.say(f"\nServing on {serving.url()} until Ctrl-C.")
            raise serving.NotServing(f"The server ended by itself, with code {server.wait()}.")

    def say(self, line: str) -> None:
        """Print a line and flush it, for output into a pipe. Telemetry's escape sequences are shown by number."""
        self.stdout.write(show_hidden(line))
        self.stdout.flush()
