#!/bin/sh
# nats-server reads a password from its environment as a word of its configuration: quoted, so that
# one of digits alone stays text.
set -eu

NATS_WORKER_PASSWORD="\"$(cat "${NATS_WORKER_PASSWORD_FILE:?}")\""
NATS_API_PASSWORD="\"$(cat "${NATS_API_PASSWORD_FILE:?}")\""
export NATS_WORKER_PASSWORD NATS_API_PASSWORD
exec nats-server --config "${NATS_CONFIG:?}"
