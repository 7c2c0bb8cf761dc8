"""The history: sealing, digests, records, and why a place stands as it does."""
