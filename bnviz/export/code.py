"""Parts of code that reads and computes again what a page shows or an export holds."""


def table_code(digest: str | None) -> tuple[str, str]:
    """The expression for a user's table, and the import that it needs."""
    if digest is None:
        return "None", ""
    return f"open_store().table({digest!r})", "from bnviz.store import open_store\n"
