"""Why a marketplace does not sell an offer, in plain words. The codes are Mirakl's."""

from typing import Final

# These say that the quantity is too low, so a number that is still on its way answers them.
NEEDS_QUANTITY: Final = (
    "ZERO_QUANTITY",
    "AVAILABLE_QUANTITY_LESS_THAN_MIN_ORDER_QUANTITY",
    "AVAILABLE_QUANTITY_LESS_THAN_PACKAGE_QUANTITY",
)
WORDS: Final[dict[str, str]] = {
    "PRODUCT_STATUS_NEW": "the operator has not looked at the product yet",
    "PRODUCT_STATUS_INVALID": "the product's data is not valid at the marketplace",
    "PRODUCT_STATUS_REJECTED": "the operator rejected the product",
    "PRODUCT_STATUS_UNAUTHORIZED_TO_SELL": "the shop may not sell this product",
    "PRODUCT_STATUS_PENDING": "the product waits for the operator's approval",
    "PRODUCT_STATUS_SYNCHRO_ERROR": "the product could not be taken into the marketplace's catalogue",
    "PRODUCT_DISABLED": "the operator switched the product off",
    "SHOP_NOT_OPEN": "the shop is not open",
    "ZERO_QUANTITY": "the marketplace has the quantity at zero",
    "NO_MIN_SHIPPING_RATE": "no shipping price applies to it",
    "NOT_IN_AVAILABILITY_PERIOD": "today is outside its selling dates",
    "NO_CHANNEL_ON_SHOP": "the shop is on no sales channel of the marketplace",
    "SHOP_CURRENCY_DISABLED": "the shop's currency is switched off",
    "AVAILABLE_QUANTITY_LESS_THAN_MIN_ORDER_QUANTITY": "the quantity is below the offer's minimum order quantity",
    "AVAILABLE_QUANTITY_LESS_THAN_PACKAGE_QUANTITY": "the quantity is below the offer's package quantity",
    "NO_ACTIVE_PRICE": "it has no price that is valid today",
    "CATEGORY_UNAUTHORIZED_TO_SELL": "the shop may not sell in its category",
    "BRAND_UNAUTHORIZED_TO_SELL": "the shop may not sell its brand",
}


def reason_words(code: str) -> str:
    """The reason in plain words; one that is not known is shown as the marketplace writes it."""
    if not code:
        return "the marketplace did not say why"
    return WORDS.get(code) or code.replace("_", " ").lower()
