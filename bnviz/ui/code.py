"""Parts of the code that a page shows for what it computed, ready to paste."""


def table_code(digest: str | None) -> tuple[str, str]:
    """The expression for a user's table, and the import that it needs."""
    if digest is None:
        return "None", ""
    return f"open_store().table({digest!r})", "from bnviz.store import open_store\n"
