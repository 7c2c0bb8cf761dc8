"""Case studies: versions, the client's consent, checks, counters of published cases."""
