"""Pages for enterprises (/me)."""

from marketplace.web.me.blueprint import blueprint

__all__ = ["blueprint"]
