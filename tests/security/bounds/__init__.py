"""What a key may cause is bounded: heavy requests at a time, stored rows, the size of pages, the life of a sandbox."""
