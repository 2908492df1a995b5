#!/bin/sh
# A random password for each secret of docker-compose.yml that is not there yet. Prints no secret.
set -eu

folder=${1:-secrets}
mkdir -p "$folder"
chmod 0700 "$folder"
for name in postgres_password assay_database_password temporal_database_password \
  nats_worker_password nats_api_password assay_admin_password; do
  file="$folder/$name"
  if [ ! -e "$file" ]; then
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$file"
    chmod 0444 "$file"
    echo "made $file" >&2
  fi
done
