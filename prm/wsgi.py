"""What gunicorn serves."""

from django.core.wsgi import get_wsgi_application

from prm.celery import app as celery_app  # makes it the current app, so that hints reach our broker; starts the engines

__all__ = ["application", "celery_app"]

application = get_wsgi_application()
