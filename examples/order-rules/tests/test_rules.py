import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "src"))

from rules import Refused, Rules

CONFIG = {"path": "/orders", "countries": ["fr", "de"], "forbidden": ["x-1"]}


def problems(country="fr", **changes):
    item = {"sku": "a-1", "price": 10, "quantity": 2} | changes
    rules = Rules.parse(json.dumps(CONFIG))
    return list(rules.problems(json.dumps({"country": country, "items": [item]})))


class Orders(unittest.TestCase):
    def test_a_good_order_has_no_problems(self):
        self.assertEqual(problems(), [])

    def test_each_rule_is_told_by_its_name(self):
        self.assertEqual(problems(country="us"), ["country"])
        self.assertEqual(problems(price=501), ["total"])
        self.assertEqual(problems(quantity=51, price=1), ["count"])
        self.assertEqual(problems(sku="x-1"), ["forbidden"])
        self.assertEqual(problems(country=None, sku="x-1"), ["country", "forbidden"])

    def test_what_is_no_order_is_one_problem(self):
        rules = Rules.parse(json.dumps(CONFIG))
        for body, expected in [("{", "json"), ("[]", "json"), ("{}", "items")]:
            self.assertEqual(list(rules.problems(body)), [expected], body)
        for change in [{"quantity": 0}, {"quantity": True}, {"price": -1}, {"price": "1"}, {"sku": 7}]:
            self.assertEqual(problems(**change), ["items"], change)


class Config(unittest.TestCase):
    def test_what_is_not_understood_is_refused(self):
        for change, expected in [
            ({"counrties": []}, "counrties: unknown"),
            ({"path": "orders"}, "path: "),
            ({"countries": "fr"}, "countries: "),
            ({"max_total": 0}, "max_total: "),
        ]:
            with self.subTest(change), self.assertRaisesRegex(Refused, expected):
                Rules.parse(json.dumps(CONFIG | change))
        with self.assertRaisesRegex(Refused, "path is missing"):
            Rules.parse("{}")


if __name__ == "__main__":
    unittest.main()
