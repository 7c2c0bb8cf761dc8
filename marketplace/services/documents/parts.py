"""What a document says, line by line, for the makers that know no layout (Word, plain PDF)."""

from dataclasses import dataclass

PAGE = (595.28, 841.89)
SIDE, TOP, BOTTOM = 79.0, 105.0, 99.0
"""Margins of GB/T 9704 in points: 28 mm, 37 mm and 35 mm."""
LINE = 29.0
BODY, HEAD = 16.0, 22.0


@dataclass(frozen=True)
class Part:
    """A paragraph: what it says, where it stands, how large it is, and with which typeface."""

    text: str
    align: str = "both"
    size: float = BODY
    indent: bool = False
    heading: bool = False
