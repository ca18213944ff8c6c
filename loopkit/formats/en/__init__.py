"""English: the only language of LoopKit's pages and texts."""
