"""Speed against references, always as ratios from one interleaved run."""
