import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "src"))

from rules import Config, Refused


class Rules(unittest.TestCase):
    def test_the_blocked_path_and_what_is_below_it(self):
        config = Config.parse('{"blocked": "/private/"}')
        for path in ["/private", "/private/papers"]:
            self.assertTrue(config.is_blocked(path), path)
        for path in ["/", "/privateer"]:
            self.assertFalse(config.is_blocked(path), path)

    def test_what_is_not_understood_is_refused(self):
        for config, expected in [
            ('{"blokced": "/private"}', "blokced: unknown"),
            ('{"blocked": "private"}', "blocked: "),
            ('{"blocked": 7}', "blocked: "),
            ("{}", "blocked is missing"),
        ]:
            with self.subTest(config), self.assertRaisesRegex(Refused, expected):
                Config.parse(config)


if __name__ == "__main__":
    unittest.main()
