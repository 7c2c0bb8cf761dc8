"""Users: passwords, sessions, second factor, roles, and the data kept about a person."""
