"""All URL paths, by app. Missing trailing slashes are not added, because that needs redirects; people type /admin."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from tenants.console.closed_pages import closed_page
from tenants.console.sign_in import admin_password_change, admin_sign_in, admin_sign_out

urlpatterns = [
    path("", include("loopkit.document_urls")),
    path("", include("tenants.urls")),
    path("", include("telemetry.urls")),
    path("", include("diagnosis.urls")),
    path("admin/login/", admin_sign_in),  # before the admin's own pages, which have no rate limit
    path("admin/password_change/", admin.site.admin_view(admin_password_change, cacheable=True)),
    path("admin/logout/", admin.site.admin_view(admin_sign_out)),
    path("admin/r/<path:anything>", closed_page),
    path("admin/r/", closed_page),
    path("admin/autocomplete/", closed_page),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),  # as people type it
    path("admin/", admin.site.urls),
]
handler400 = "loopkit.http.error_answers.bad_request"
handler404 = "loopkit.http.error_answers.not_found"
handler500 = "tenants.api.fault_answers.server_error"
