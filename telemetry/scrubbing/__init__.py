"""The step between decoding and normalising: it removes secrets and limits the size of what is stored."""
