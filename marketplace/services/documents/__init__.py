"""Documents as files: PDF that carries its fonts, and what is done where a font is missing."""
