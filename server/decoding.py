"""`steady decode`: the fields of one Bluetooth characteristic value, for whoever builds an uploader."""

import sys

import msgspec

from integrations.gatt.adapter import decode
from integrations.gatt.numbers import Wrong


def main(characteristic: str, octets: str) -> int:
    """Print the fields as JSON; 2 when it is no such value."""
    try:
        value = decode(characteristic, bytes.fromhex(octets.replace("-", "").replace(":", "")))
    except ValueError:
        sys.stderr.write("The octets are hexadecimal, two digits each.\n")
        return 2
    except Wrong as error:
        sys.stderr.write(f"{error}\n")
        return 2
    found = msgspec.json.Encoder(decimal_format="number").encode(value)
    sys.stdout.write(msgspec.json.format(found).decode() + "\n")
    return 0
