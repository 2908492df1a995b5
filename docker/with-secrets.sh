#!/bin/sh
# For programs that take a password from their environment only: NAME_FILE=/path gives NAME.
set -eu

for name in $(env | sed -n 's/^\([A-Z][A-Z_]*\)_FILE=.*/\1/p'); do
  file=$(printenv "${name}_FILE")
  value=$(cat "$file")
  export "$name=$value"
  unset "${name}_FILE"
done
exec "$@"
