"""The marketplace side: operators, shops, orders, offers, stock imports, money."""
