"""What an order must be like: plain Python, tested by `python3 -m unittest`."""

import json
from dataclasses import dataclass, fields


class Refused(Exception):
    """Refuses the operator's file; the message is shown there."""


@dataclass
class Rules:
    """The plugin's `config`."""

    path: str
    countries: list
    max_total: int = 1000
    max_items: int = 50
    forbidden: tuple = ()

    @classmethod
    def parse(cls, text):
        config = json.loads(text)
        known = [field.name for field in fields(cls)]
        for key in config:
            if key not in known:
                raise Refused(f"{key}: unknown key, expected one of {', '.join(known)}")
        for key in ("path", "countries"):
            if key not in config:
                raise Refused(f"{key} is missing")
        rules = cls(**config)
        if not isinstance(rules.path, str) or not rules.path.startswith("/"):
            raise Refused("path: a path begins with a slash")
        for key in ("countries", "forbidden"):
            if not is_texts(getattr(rules, key)):
                raise Refused(f"{key}: expected a list of texts")
        for key in ("max_total", "max_items"):
            if not is_count(getattr(rules, key)):
                raise Refused(f"{key}: expected a whole number above 0")
        return rules

    def problems(self, body):
        """All that is wrong with an order, by rule."""
        try:
            order = json.loads(body)
        except ValueError:
            return {"json": "the order is not JSON"}
        if not isinstance(order, dict):
            return {"json": "the order is no object"}
        items = order.get("items")
        if not isinstance(items, list) or not all(map(is_item, items)) or not items:
            return {"items": "items: each needs a sku, a price and a quantity above 0"}
        return dict(self.broken(order.get("country"), items))

    def broken(self, country, items):
        if country not in self.countries:
            yield "country", f"we deliver to {', '.join(self.countries)}"
        total = sum(item["price"] * item["quantity"] for item in items)
        if total > self.max_total:
            yield "total", f"{total} is more than {self.max_total}: call us"
        if sum(item["quantity"] for item in items) > self.max_items:
            yield "count", f"at most {self.max_items} pieces"
        gone = sorted({item["sku"] for item in items} & set(self.forbidden))
        if gone:
            yield "forbidden", f"not for sale: {', '.join(gone)}"


def is_item(item):
    return (
        isinstance(item, dict)
        and isinstance(item.get("sku"), str)
        and is_count(item.get("quantity"))
        and isinstance(item.get("price"), (int, float))
        and 0 <= item["price"] < 1e12
    )


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def is_texts(value):
    return isinstance(value, (list, tuple)) and all(isinstance(text, str) for text in value)
