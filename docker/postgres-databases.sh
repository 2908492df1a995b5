#!/bin/bash
# Runs once, when the data directory is made: a role and its own databases for Assay and for Temporal.
set -euo pipefail

role() {
  local name=$1 password
  shift
  password=$(cat "${SECRETS:-/run/secrets}/$name")
  psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set role="${name%%_*}" --set password="$password" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
SQL
  for database in "$@"; do
    createdb --username "$POSTGRES_USER" --owner "${name%%_*}" --encoding UTF8 \
      --template template0 "$database"
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
      --dbname "$database" --command "REVOKE ALL ON DATABASE \"$database\" FROM PUBLIC"
  done
}

role assay_database_password assay
role temporal_database_password temporal temporal_visibility
