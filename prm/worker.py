"""What `celery -A prm.worker` runs, as worker and as beat."""

from prm import embedded
from prm.celery import app

__all__ = ["app"]

embedded.ensure_running()
