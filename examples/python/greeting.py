"""What the service says."""


def greeting(name: str) -> str:
    """Greets somebody, or everybody where no name is given."""
    return f"Hello, {name.strip() or 'world'}!\n"
