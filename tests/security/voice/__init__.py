"""Nobody but LoopKit and its people speaks with LoopKit's voice: sentences, values beside them, hidden characters."""
