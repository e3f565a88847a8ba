"""What a person was told."""

from django.urls import path

from partners.views import notices as views

app_name = "notices"
urlpatterns = [
    path("", views.notice_list, name="list"),
    path("preferences/", views.preferences, name="preferences"),
    path("read/", views.read_all, name="read_all"),
    path("<str:public_id>/", views.follow, name="follow"),
    path("<str:public_id>/read/", views.read, name="read"),
]
