"""The order's number in the warehouse: made from channel and order id alone, so that a repeat always finds the first."""

import hashlib
import re

MAX_LENGTH = 50
SAFE = re.compile(r"[^A-Za-z0-9-]+")


def order_number(channel_code: str, order_id: str) -> str:
    """`CHANNEL-ORDER_ID`, at most 50 safe characters; distinct for distinct inputs.

    Order ids repeat between operators, hence the channel. Where letters had to be changed or cut, or where the join
    could be read in two ways, a hash of both parts makes up for it.
    """
    plain = f"{channel_code}-{order_id}"
    safe = SAFE.sub("-", plain)
    if safe == plain and len(plain) <= MAX_LENGTH and "-" not in channel_code:
        return plain
    mark = hashlib.sha256(f"{len(channel_code)}:{channel_code}{order_id}".encode()).hexdigest()[:10]
    return f"{safe[: MAX_LENGTH - 11]}-{mark}"
