import json
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integration.models import Channel, SkuMapping, Warehouse
from sandbox.demo import PASSWORD, TENANT, UNIT, USER
from tests.db.house import House


def run(*arguments: str) -> tuple[str, int]:
    """What a command prints, and its exit code."""
    out = StringIO()
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


def answer(*arguments: str) -> dict[str, Any]:
    text, _ = run(*arguments, "--json")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture
def key(tmp_path: Path, north: House) -> Path:
    file = tmp_path / "key"
    file.write_text(f"{north.operator.shops[2002].api_key}\n", encoding="utf-8")
    return file


def mirakl(key: Path, *more: str, code: str = "SECOND", url: str = "http://127.0.0.1:1/mirakl/north") -> list[str]:
    return ["connect_mirakl", code, "--url", url, "--api-key-file", str(key), "--name", "Second", *more]


def deposco(file: Path, *more: str) -> list[str]:
    return [
        *("connect_deposco", "HOUSE", "--url", "http://127.0.0.1:1/deposco", "--tenant-code", TENANT),
        *("--business-unit", UNIT, "--username", USER, "--password-file", str(file), *more),
    ]


def test_a_shop_is_connected_as_the_handbook_says(north: House, key: Path) -> None:
    lanes = "acceptance,import,dispatch,stock,money"

    found = answer(*mirakl(key, "--shop-id", "2002", "--lanes", lanes, "--poll-seconds", "30"))

    assert found["ok"]
    assert found["lanes"] == lanes.split(",")
    assert found["warehouse"] == "HOUSE"
    channel = Channel.objects.get(code="SECOND")
    assert (channel.shop_id, channel.poll_seconds, channel.name) == (2002, 30, "Second")


def test_a_shop_whose_number_is_not_given_learns_it(north: House, key: Path) -> None:
    run(*mirakl(key, "--lanes", "acceptance"))

    assert Channel.objects.get(code="SECOND").shop_id == 2002


def test_no_command_ever_prints_a_secret(north: House, key: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD, encoding="utf-8")

    texts = [
        run(*mirakl(key))[0],
        run(*mirakl(key, "--json"))[0],
        run(*deposco(password))[0],
        run("status", "--json")[0],
    ]

    assert not any(key.read_text().strip() in text or PASSWORD in text for text in texts)


def test_a_shop_that_does_not_answer_is_stored_with_the_reason_and_another_exit_code(north: House, key: Path) -> None:
    key.write_text("wrong-key", encoding="utf-8")

    text, code = run(*mirakl(key, "--shop-id", "2002"))

    assert code == 3
    assert "The key was refused" in text
    assert Channel.objects.filter(code="SECOND").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "http://shop.example.com"}, "https"),
        ({"code": "no blanks"}, "code"),
    ],
)
def test_what_is_refused_says_why_and_stores_nothing(
    north: House, key: Path, change: dict[str, str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run(*mirakl(key, **change))

    assert not Channel.objects.exclude(code="SHOP").exists()


def test_a_lane_that_does_not_exist_is_named_with_those_that_do(north: House, key: Path) -> None:
    with pytest.raises(CommandError, match="acceptance, import, dispatch, stock, money"):
        run(*mirakl(key, "--lanes", "acceptance,teleport"))


def test_a_file_that_cannot_be_read_or_is_empty_is_said(north: House, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text(" \n", encoding="utf-8")

    with pytest.raises(CommandError, match="empty"):
        run(*mirakl(empty))
    with pytest.raises(CommandError, match="cannot be read"):
        run(*mirakl(tmp_path / "nowhere"))


def test_a_warehouse_is_connected_and_tells_which_shops_ship_from_it(north: House, tmp_path: Path) -> None:
    Channel.objects.update(warehouse=None)
    password = tmp_path / "password"
    password.write_text(PASSWORD, encoding="utf-8")

    found = answer(*deposco(password, "--api", "mixed"))

    assert (found["ok"], found["api"], found["channels"]) == (True, "mixed", ["SHOP"])
    assert Warehouse.objects.get().facilities.count() == 4


def test_a_warehouse_is_connected_over_v2_alone_and_says_what_that_cannot_do(north: House, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD, encoding="utf-8")

    found = answer(*deposco(password, "--api", "v2"))

    assert (found["ok"], found["api"]) == (True, "v2")
    assert any("Stock cannot be read over V2" in words for words in found["problems"])
    assert Warehouse.objects.get().facilities.get(number="DOC").name == "Dockside"


def test_a_client_of_its_own_and_a_refresh_token_are_read_from_a_file(north: House, tmp_path: Path) -> None:
    password, secret = tmp_path / "password", tmp_path / "secret"
    password.write_text(PASSWORD, encoding="utf-8")
    secret.write_text("hush-hush\nkeep-this\n", encoding="utf-8")
    north.tenant.client_id, north.tenant.client_secret, north.tenant.refresh_token = "app-1", "hush-hush", "keep-this"
    own = ("--api", "mixed", "--client-id", "app-1", "--client-secret-file", str(secret))

    found = answer(*deposco(password, *own))
    text, _ = run(*deposco(password, *own))

    assert found["ok"]
    assert "hush-hush" not in text
    half = [
        word if word != "HOUSE" else "OTHER" for word in deposco(password, "--api", "mixed", "--client-id", "app-1")
    ]
    with pytest.raises(CommandError, match="belong together"):
        run(*half)


def test_the_address_for_the_webhook_is_told_once(north: House, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD, encoding="utf-8")

    found = answer(*deposco(password, "--new-webhook-token"))
    again = answer(*deposco(password))

    token = found["webhook"].split("token=")[1]
    assert found["webhook"].startswith("/hooks/deposco/HOUSE/?token=")
    assert "webhook" not in again
    assert token not in Warehouse.objects.get().webhook_token_hash


def sku_file(tmp_path: Path, *rows: str, name: str = "map.csv") -> str:
    file = tmp_path / name
    file.write_text("\n".join(["offer_sku,item_number,units_per_offer", *rows]), encoding="utf-8-sig")
    return str(file)


def test_a_map_is_imported_replaced_and_frees_what_waited(north: House, tmp_path: Path) -> None:
    _, order = north.ready(("SKU-NEW-1", 1))
    north.prepare()

    first = answer(
        "import_sku_map", "SHOP", sku_file(tmp_path, "SKU-NEW-1,ITEM-041,1", "KIT,ITEM-001,1", "KIT,ITEM-002,2")
    )
    second = answer("import_sku_map", "SHOP", sku_file(tmp_path, "KIT,ITEM-001,3", "SKU-NEW-1,ITEM-041,"))

    assert (first["applied"], first["new"], first["freed_orders"]) == (True, 3, 1)
    assert (second["changed"], second["same"]) == (1, 1)
    assert list(SkuMapping.objects.filter(offer_sku="KIT").values_list("item_number", "units_per_offer")) == [
        ("ITEM-001", Decimal(3))
    ]
    assert not type(order).objects.get(pk=order.pk).is_held


def test_a_dry_run_says_everything_and_changes_nothing(north: House, tmp_path: Path) -> None:
    found = answer("import_sku_map", "SHOP", sku_file(tmp_path, "A,ITEM-1,1"), "--dry-run")

    assert (found["applied"], found["new"]) == (False, 1)
    assert not SkuMapping.objects.exists()


def test_a_file_with_bad_rows_changes_nothing_and_names_each(north: House, tmp_path: Path) -> None:
    file = sku_file(
        tmp_path, "A,ITEM-1,1", ",ITEM-1,1", "B,,1", "C,ITEM-1,none", "D,ITEM-1,0", "A,ITEM-1,2", "", "E,ITEM-1,1e9"
    )

    text, code = run("import_sku_map", "SHOP", file, "--json")

    found = json.loads(text)
    assert code == 1
    assert [row["line"] for row in found["errors"]] == [3, 4, 5, 6, 7, 9]
    assert not SkuMapping.objects.exists()


@pytest.mark.parametrize("text", ["", "sku,item\nA,B\n", "offer_sku;item_number;units_per_offer\nA;ITEM-1;2\n"])
def test_the_header_decides_what_the_file_is(north: House, tmp_path: Path, text: str) -> None:
    file = tmp_path / "map.csv"
    file.write_text(text, encoding="utf-8")

    _, code = run("import_sku_map", "SHOP", str(file))

    assert code == (0 if ";" in text else 1)
    assert SkuMapping.objects.count() == (1 if ";" in text else 0)


def test_a_large_map_costs_statements_by_the_batch_and_not_by_the_row(
    north: House, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    file = sku_file(tmp_path, *[f"SKU-{n},ITEM-{n},1" for n in range(3000)])

    with django_assert_max_num_queries(25):
        run("import_sku_map", "SHOP", file)

    assert SkuMapping.objects.count() == 3000


def test_a_channel_that_is_not_there_is_said(north: House, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="NOBODY"):
        run("import_sku_map", "NOBODY", sku_file(tmp_path))


def test_a_job_is_run_for_one_channel_and_the_state_is_told(north: House) -> None:
    north.place()
    north.skip(2)

    (ran,) = json.loads(run("run_job", "acceptance.read", "--channel", "SHOP", "--json")[0])
    state = answer("status")

    assert (ran["outcome"], ran["counts"]["new"]) == ("ok", 1)
    assert state["orders"] == {"received": 1}
    assert state["effects"]["mirakl.accept"] == {"ready": 1}
    assert any(job["name"] == "acceptance.read:SHOP" for job in state["jobs"])


@pytest.mark.parametrize("name", ["connect_mirakl", "connect_deposco", "import_sku_map", "run_job", "status", "doctor"])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call_command(name, "--help")

    assert end.value.code == 0
    assert len(capsys.readouterr().out) > 200
