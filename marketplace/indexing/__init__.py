"""Models to search documents: the only package that knows both sides.

documents   what is public of a provider, its products and cases
wiring      the engine of this process, its analyser and the outbox handler
upkeep      rebuild, verify, status
"""
