"""The same work without a browser: what the `bnviz` command does."""
