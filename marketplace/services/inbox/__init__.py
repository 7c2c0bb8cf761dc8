"""Messages, mail and tasks."""
