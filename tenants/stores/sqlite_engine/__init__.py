"""Django's SQLite backend for every database file of LoopKit, the control database's too: ENGINE names this package."""
