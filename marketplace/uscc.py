"""统一社会信用代码 (GB 32100-2015): 18 characters, the last of which checks the others."""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Digits and capital letters without I, O, S, V, Z."""

LENGTH = 18


def check_digit(body: str) -> str:
    """The 18th character for the first 17. Raises ValueError for others than the alphabet."""
    if len(body) != LENGTH - 1:
        raise ValueError("17 characters are needed")
    total = sum(ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return ALPHABET[-total % 31]


def is_valid(code: str) -> bool:
    """Whether ``code`` has the right form and check digit; it says nothing about being issued."""
    if len(code) != LENGTH or any(char not in ALPHABET for char in code):
        return False
    return code[-1] == check_digit(code[:-1])
