"""E-mail addresses as people type them."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from service.mail.headers import HeaderError, recipient_value


class AddressError(ValueError):
    """Not an address a letter can go to; the message is for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Address:
    """`shown` as its owner writes it, `wire` as SMTP carries it, `normal` to tell two apart."""

    shown: str
    wire: str
    normal: str


def parse_address(text: str) -> Address:
    """Read one e-mail address; no look-up is made. Raises AddressError."""
    try:
        valid = validate_email(
            text.strip(), check_deliverability=False, test_environment=True, allow_smtputf8=True
        )
        wire = recipient_value(valid.normalized)
    except EmailNotValidError as error:
        raise AddressError(f"{text.strip()!r} is not an e-mail address: {error}") from None
    except HeaderError as error:
        raise AddressError(str(error)) from None
    return Address(valid.normalized, wire, wire.casefold())
