"""What the service shows."""

from html import escape

VERSION = "v1"


def page(visitor: str) -> str:
    """A page for somebody, or for everybody where no name is given."""
    return f"<h1>Hello, {escape(visitor.strip()) or 'world'}!</h1>\n<p>{VERSION}</p>\n"
