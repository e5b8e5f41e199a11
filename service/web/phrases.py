"""What pages say of a mistake, and of an address that not everybody may read."""


def sentence(error: Exception | str) -> str:
    """Return what a mistake says of itself as a sentence."""
    words = str(error).rstrip(".")
    return words[:1].upper() + words[1:] + "."


def masked(email: str) -> str:
    """Return an address that its owner recognises and nobody else can write to."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"
