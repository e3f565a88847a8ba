"""Views of lists that people keep."""

from django.urls import path

from partners.views import saved_views as views

app_name = "views"
urlpatterns = [
    path("", views.save, name="save"),
    path("<str:public_id>/delete/", views.delete, name="delete"),
]
