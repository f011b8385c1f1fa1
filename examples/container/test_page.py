"""Tests what the service shows."""

import unittest

from page import page


class Page(unittest.TestCase):
    def test_visitors_are_greeted(self):
        self.assertIn("Hello, Kim!", page(" Kim "))
        self.assertIn("Hello, world!", page(""))

    def test_a_name_is_text_and_nothing_else(self):
        self.assertNotIn("<script>", page("<script>"))


if __name__ == "__main__":
    unittest.main()
