"""The standing market for journeys that read, and an application of one's own for the others."""

from tests.integration.conftest import (  # noqa: F401
    app,
    client,
    database,
    login_as,
    settings,
    shared_data,
)
from tests.integration.public.conftest import market, site, visitor  # noqa: F401
