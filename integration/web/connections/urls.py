"""The addresses of connections and jobs."""

from django.urls import path

from integration.web.connections import jobs, views

urlpatterns = [
    path("connections/", views.connections, name="connections"),
    path("connections/<slug:side>/new/", views.connection_new, name="connection_new"),
    path("connections/shop/<slug:code>/", views.connection_shop, name="connection_shop"),
    path("connections/shop/<slug:code>/lane/", views.connection_lane, name="connection_lane"),
    path("connections/shop/<slug:code>/policy/", views.connection_policy, name="connection_policy"),
    path("connections/warehouse/<slug:code>/", views.connection_warehouse, name="connection_warehouse"),
    path("connections/<slug:side>/<slug:code>/edit/", views.connection_edit, name="connection_edit"),
    path("connections/<slug:side>/<slug:code>/test/", views.connection_test, name="connection_test"),
    path("connections/<slug:side>/<slug:code>/pause/", views.connection_pause, name="connection_pause"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/run/", jobs.job_run, name="job_run"),
]
