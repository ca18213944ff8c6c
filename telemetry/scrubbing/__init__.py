"""The step between decoding and understanding: secrets out, and nothing larger than a store should hold."""
