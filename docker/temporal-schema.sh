#!/bin/sh
# Brings both of Temporal's databases to the schema of this image's version. Repeatable.
set -eu

tool() {
  temporal-sql-tool --plugin postgres12 --ep postgres -p 5432 -u temporal "$@"
}

tool --db temporal setup-schema -v 0.0
tool --db temporal update-schema -d /etc/temporal/schema/postgresql/v12/temporal/versioned
tool --db temporal_visibility setup-schema -v 0.0
tool --db temporal_visibility update-schema -d /etc/temporal/schema/postgresql/v12/visibility/versioned
