"""Tests what the service says."""

import unittest

from greeting import greeting


class Greeting(unittest.TestCase):
    def test_names_are_greeted(self):
        self.assertEqual(greeting(" Kim "), "Hello, Kim!\n")
        self.assertEqual(greeting(""), "Hello, world!\n")


if __name__ == "__main__":
    unittest.main()
