"""What a PDF file carries."""

import io

import pikepdf


def embedded(content: bytes) -> dict[str, bool]:
    """Every font of a PDF, and whether the file carries it with a way back to text."""
    found = {}
    with pikepdf.open(io.BytesIO(content)) as document:
        for page in document.pages:
            for font in page.Resources.Font.values():
                described = font.DescendantFonts[0].FontDescriptor
                carried = {"/FontFile2", "/FontFile3"} & set(described.keys())
                found[str(font.BaseFont)] = bool(carried) and "/ToUnicode" in font
    return found
