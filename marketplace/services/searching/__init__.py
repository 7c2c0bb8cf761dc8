"""Vocabulary, the queue and rebuilds of the search index, and the quick find of staff."""
