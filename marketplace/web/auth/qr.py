"""The second factor's secret as a picture."""

import segno

from marketplace.services.accounts import second_factor


def context(secret: str, login: str) -> dict[str, str]:
    """What the set-up pages show: the QR code as an image address, and the secret in groups."""
    code = segno.make(second_factor.address(secret, login), error="m")
    groups = [secret[start : start + 4] for start in range(0, len(secret), 4)]
    return {
        "qr": code.svg_data_uri(scale=5, border=2, light="#fff"),
        "secret": " ".join(groups),
    }
