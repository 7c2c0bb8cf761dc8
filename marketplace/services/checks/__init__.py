"""Complaints, spot checks, activities and awards: what the evaluation reads beside projects."""
