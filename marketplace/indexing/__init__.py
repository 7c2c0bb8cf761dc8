"""Models to search documents: the only package that knows both sides.

documents   what is public, in which version, and what must go
building    fields and card of each kind of document
wiring      the engine of this process and its analyser
indexer     the handler of index jobs in the outbox
upkeep      rebuild, verify, status
rebuilding  a rebuild that was asked for, with progress
"""
