"""The addresses of connections and jobs."""

from django.urls import path, re_path

from integration.web.connections import jobs, views

SIDE = r"connections/(?P<side>shop|warehouse)"

urlpatterns = [
    path("connections/", views.connections, name="connections"),
    re_path(rf"^{SIDE}/new/$", views.connection_new, name="connection_new"),
    path("connections/shop/<slug:code>/", views.connection_shop, name="connection_shop"),
    path("connections/shop/<slug:code>/lane/", views.connection_lane, name="connection_lane"),
    path("connections/shop/<slug:code>/policy/", views.connection_policy, name="connection_policy"),
    path("connections/warehouse/<slug:code>/", views.connection_warehouse, name="connection_warehouse"),
    re_path(rf"^{SIDE}/(?P<code>[-\w]+)/edit/$", views.connection_edit, name="connection_edit"),
    re_path(rf"^{SIDE}/(?P<code>[-\w]+)/test/$", views.connection_test, name="connection_test"),
    re_path(rf"^{SIDE}/(?P<code>[-\w]+)/pause/$", views.connection_pause, name="connection_pause"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/run/", jobs.job_run, name="job_run"),
]
