"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from prm import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
embedded.ensure_running()
application = get_wsgi_application()
