"""The code that computes what is on screen, ready to paste."""

_CONFIGS = ("DataConfig", "NetworkConfig", "OptimizerConfig", "ProbeConfig", "TrainConfig")


def _table(digest: str | None, owner: str = "config") -> tuple[str, str]:
    """How to get the user's table, and the import for it."""
    if digest is None:
        return "None", ""
    return f"open_store().table({owner}.table)", "from bnviz.store import open_store\n"
