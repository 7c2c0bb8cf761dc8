"""Models to search documents: the only package that knows both sides.

documents   what is public, in which version, and what must go
building    fields and card of each kind of document
wiring      the engine of this process, its analyser and the outbox handler
upkeep      rebuild, verify, status
"""
