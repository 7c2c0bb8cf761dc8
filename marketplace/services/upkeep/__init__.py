"""What the system does to its own tables: first rows, and personal data that has served."""
