"""Pages for providers' teams (/p)."""

from marketplace.web.p.blueprint import blueprint

__all__ = ["blueprint"]
