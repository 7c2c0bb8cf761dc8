"""Tests of the pool: ``house.md`` §11 in folders, from the fastest layer to the slowest."""
