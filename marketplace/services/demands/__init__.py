"""Demands that enterprises publish, and the answers of providers."""
