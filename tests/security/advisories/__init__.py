"""Published holes of comparable products and of our own parts, each as a test: docs/security-advisories.md."""
