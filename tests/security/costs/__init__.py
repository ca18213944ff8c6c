"""What strangers' bytes cost: of time, of memory, of log."""
