"""Stored files and who may read which."""
