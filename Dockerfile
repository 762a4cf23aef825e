# «Gestión de Usuarios» in a container: `docker build -t gestion .`; docs/instalacion.md says how to run it.
# The base is named by version; pin its digest where images are kept (`python:3.12-slim@sha256:…`).
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /opt/gestion
RUN python -m venv /opt/gestion/.venv
COPY requirements.lock ./
RUN .venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY config ./config
COPY provision ./provision
COPY notify ./notify
COPY intake ./intake
# Compiled here: the container's file system is read-only, and an import from source costs three times as much.
RUN .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable . \
 && .venv/bin/python -m compileall -q -j 0 .venv/lib config provision notify intake

FROM python:3.12-slim
RUN groupadd --system --gid 10001 gestion \
 && useradd --system --uid 10001 --gid gestion --home-dir /var/lib/gestion --shell /usr/sbin/nologin gestion \
 && install -d -o gestion -g gestion -m 0700 /var/lib/gestion \
 && install -d -o root -g gestion -m 0750 /etc/gestion
COPY --from=build /opt/gestion /opt/gestion
# Settings and keys are mounted, never built in. Variables go before the settings file: the health check needs the metrics.
ENV PATH=/opt/gestion/.venv/bin:$PATH \
    PYTHONUTF8=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GESTION_CONFIG=/etc/gestion/gestion.toml \
    GESTION_WATCHING__METRICS_FILE=/var/lib/gestion/gestion.prom
USER gestion
WORKDIR /var/lib/gestion
VOLUME /var/lib/gestion
STOPSIGNAL SIGTERM
# Healthy while a run ended, well or badly, in the last two hours (a copy of mailboxes may take long), and its journal could be read.
HEALTHCHECK --interval=5m --timeout=10s --start-period=10m --retries=3 \
  CMD ["python", "-c", "import os, sys, time; sys.exit(time.time() - os.stat('/var/lib/gestion/gestion.prom').st_mtime > 7200)"]
ENTRYPOINT ["gestion"]
CMD ["run", "--watch"]
