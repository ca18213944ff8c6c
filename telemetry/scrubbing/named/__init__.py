"""Values behind a secret's name inside a text, one file for each way in which names and values are written there."""
