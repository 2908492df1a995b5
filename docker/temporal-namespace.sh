#!/bin/sh
# The namespace that scans run in. Assay needs no history of ended scans: a day is enough.
set -eu

name=${TEMPORAL_NAMESPACE:-default}
until temporal operator cluster health; do
  sleep 2
done
temporal operator namespace describe --namespace "$name" \
  || temporal operator namespace create --namespace "$name" --retention 24h
