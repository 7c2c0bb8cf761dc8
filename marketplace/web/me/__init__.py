"""Pages for enterprises (/me). Its modules register their views when the package is read."""

from marketplace.web.me import (  # noqa: F401
    complaints,
    demands,
    favourites,
    hand_overs,
    inquiries,
    inquiry_threads,
    projects,
    searches,
    selection_export,
    selections,
    shortlists,
    team,
)
