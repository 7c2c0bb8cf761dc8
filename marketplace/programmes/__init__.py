"""Programmes as files: what a notice orders, read once, checked, and pinned by rounds."""
