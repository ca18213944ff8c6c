"""Files and lines that another program reads."""
