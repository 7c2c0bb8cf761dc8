"""Places in the pool: rounds, quotas, admission, standing, board, evidence."""
