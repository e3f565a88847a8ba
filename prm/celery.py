"""The Celery application. Messages are hints only: what must be done is a row in PostgreSQL (see `prm.tasks`)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")

app = Celery("prm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = ["prm.tasks"]
