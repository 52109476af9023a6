"""The NHS number: ten digits, the last of which checks the others (modulus 11)."""

from domain.errors import Invalid


def is_valid(number: str) -> bool:
    """Ten ASCII digits whose check digit is right."""
    if len(number) != 10 or not (number.isascii() and number.isdigit()):  # noqa: PLR2004 - its length
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(number[9])


def admit(text: str, *, pointer: str) -> str:
    """Strip the number of the spaces or hyphens it is often written with; refused unless valid."""
    number = text.replace(" ", "").replace("-", "")
    if not is_valid(number):
        raise Invalid("Ten digits with a right check digit.", pointer)
    return number
