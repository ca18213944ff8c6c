"""URL paths for information about this instance: its health, and the documents for agents."""

from django.urls import path

from loopkit import documents, health, no_oauth, schemas

urlpatterns = [
    path("", documents.RootView.as_view(), name="root"),
    path("health", health.HealthView.as_view(), name="health"),
    path("livez", health.HealthView.as_view(schema=None), name="livez"),
    path("readyz", health.ReadyView.as_view(), name="readyz"),
    path("llms.txt", documents.DocumentView.as_view(page="llms.txt"), name="llms"),
    path("agents.md", documents.DocumentView.as_view(page="agents.md"), name="agents"),
    path("reference.md", documents.DocumentView.as_view(page="reference.md"), name="reference"),
    path("quickstart.md", documents.DocumentView.as_view(page="quickstart.md"), name="quickstart"),
    path("auth.md", documents.DocumentView.as_view(page="auth.md"), name="auth"),
    *(path(name, no_oauth.keys_only, name=f"no-{name}") for name in no_oauth.PATHS),
    path("contact.json", documents.ContactView.as_view(), name="contact"),
    path("openapi.json", schemas.OpenApiView.as_view(), name="openapi"),
    path("schema/<str:name>.json", schemas.SchemaView.as_view(), name="schema"),
]
