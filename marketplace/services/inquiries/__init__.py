"""Enquiries to providers: threads, their clock, response rates."""
