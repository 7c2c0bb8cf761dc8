"""Case files of a place in the pool: rectification, removal, exit, appeal, replacement."""
