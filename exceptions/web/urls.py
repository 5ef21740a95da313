"""The addresses of the desk."""

from django.urls import path

from exceptions.web import today, views

urlpatterns = [
    path("", today.today, name="today"),
    path("handbook/", today.handbook, name="handbook"),
    path("exceptions/", views.desk, name="exceptions"),
    path("exceptions/<int:pk>/", views.case, name="case"),
    path("exceptions/<int:pk>/fix/", views.fix, name="case_fix"),
    path("exceptions/<int:pk>/settle/", views.settle, name="case_settle"),
    path("exceptions/<int:pk>/suggestions/", views.suggestions, name="case_suggestions"),
    path("exceptions/<int:pk>/acknowledge/", views.acknowledge, name="case_acknowledge"),
    path("exceptions/<int:pk>/snooze/", views.snooze, name="case_snooze"),
    path("exceptions/<int:pk>/assign/", views.assign, name="case_assign"),
    path("exceptions/<int:pk>/comment/", views.comment, name="case_comment"),
]
