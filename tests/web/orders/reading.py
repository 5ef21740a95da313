"""How the tests of the lists read a page."""

import csv
import io
import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

LINK = re.compile(r'class="row-link"\s+href="/orders/\d+/">([^<]+)<')


def shown_in(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return LINK.findall(answer.content.decode())


def csv_rows(client: Client, address: str) -> list[dict[str, str]]:
    answer: Any = client.get(address)
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
