"""No secret is stored: every text of OTLP and of the models is sent through public surfaces and sought on the disk."""
