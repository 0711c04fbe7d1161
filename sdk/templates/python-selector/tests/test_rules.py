import pathlib
import sys
import unittest
from types import SimpleNamespace

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "src"))

import rules


def endpoint(zone=None, draining=False):
    return SimpleNamespace(zone=zone, draining=draining)


class Rules(unittest.TestCase):
    def test_a_misspelt_key_is_refused(self):
        for config, expected in [('{"zome": "a"}', "zome: unknown"), ('{"zone": 7}', "zone: ")]:
            with self.assertRaisesRegex(rules.Refused, expected):
                rules.parse(config)

    def test_the_own_zone_is_a_group_and_who_drains_is_in_none(self):
        endpoints = [endpoint("a"), endpoint("b"), endpoint("a", draining=True), endpoint()]
        self.assertEqual(rules.group(endpoints, "a"), ([0], [1, 3]))
        self.assertEqual(rules.group(endpoints, None), ([0, 1, 3], []))

    def test_the_least_loaded_is_chosen_in_turn(self):
        self.assertEqual(rules.least([0, 1, 2], [3, 1, 2], (), 0), 1)
        self.assertEqual(rules.least([0, 1, 2], [3, 1, 2], {1}, 0), 2)
        self.assertEqual(rules.least([0, 1], [0, 0], (), 1), 1)
        self.assertIsNone(rules.least([], [], (), 5))


if __name__ == "__main__":
    unittest.main()
