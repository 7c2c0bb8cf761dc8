"""Addresses with parameters, in the order in which they are given."""

from collections.abc import Sequence
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

Params = MultiDict[str, str]


def address(path: str, params: Params | Sequence[tuple[str, str]]) -> str:
    """``path`` with its parameters in order."""
    pairs = list(params.items(multi=True)) if isinstance(params, MultiDict) else list(params)
    return f"{path}?{urlencode(pairs)}" if pairs else path
