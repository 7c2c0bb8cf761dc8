"""Contracts and projects: filing, milestones, changes, acceptance, disputes, ratings."""
