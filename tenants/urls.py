"""URL paths for projects and keys: the API, then the pages."""

from django.urls import path

from tenants import pages
from tenants.api import views

urlpatterns = [
    path("v1/provision", views.ProvisionView.as_view(), name="provision"),
    path("v1/signup", views.SignupView.as_view(), name="signup"),
    path("v1/signup/upgrade", views.UpgradeView.as_view(), name="signup-upgrade"),
    path("v1/recover", views.RecoverView.as_view(), name="recover"),
    path("v1/access-requests", views.AccessRequestView.as_view(), name="access-requests"),
    path("dashboard/sign-in", pages.key_sign_in, name="dashboard-sign-in"),
    path("dashboard/sign-out", pages.sign_out, name="dashboard-sign-out"),
    path("dashboard/recover", pages.recover_page, name="dashboard-recover"),
]
