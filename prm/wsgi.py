"""What gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from prm import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
embedded.ensure_running()
application = get_wsgi_application()
gc.collect()
gc.freeze()  # what was loaded until now lives as long as the process: it is not looked through time and again
