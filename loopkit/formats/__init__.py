"""How times are written for people, by language: https://docs.djangoproject.com/en/5.2/ref/settings/#format-module-path."""
