"""Periodic reports: opened by time, prefilled, written, sent, checked, reminded of, summed up."""
