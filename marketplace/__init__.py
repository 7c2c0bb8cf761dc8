"""Service-provider marketplace and resource pool."""
