"""The application of tests/api with a scan that has something of everything on its pages."""

from tests.api.conftest import (  # noqa: F401  (fixtures)
    client,
    ours,
    password_hash,
    running,
    services,
    temporal,
    temporal_away,
    theirs,
    watched,
)
