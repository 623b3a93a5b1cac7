"""What jobs may take of the machine; whoever runs the server sets it by environment variables."""

from bnviz.environment import number


def at_once() -> int:
    """How many jobs work at a time, each on one core (BNVIZ_JOBS)."""
    return max(1, round(number("BNVIZ_JOBS", 2)))


def waiting() -> int:
    """How many jobs may wait for their turn before another is refused (BNVIZ_JOBS_WAITING)."""
    return max(0, round(number("BNVIZ_JOBS_WAITING", 50)))


def of_visitor() -> int:
    """How many jobs of one visitor may wait or be at work together (BNVIZ_JOBS_VISITOR)."""
    return max(1, round(number("BNVIZ_JOBS_VISITOR", 10)))


def minutes() -> float:
    """How long a job may take (BNVIZ_JOB_MINUTES)."""
    return max(0.0, number("BNVIZ_JOB_MINUTES", 120))


def gigabytes() -> float:
    """How much memory the process of a job may take, 0.4 GB of Python and torch included
    (BNVIZ_JOB_GIGABYTES)."""
    return max(0.5, number("BNVIZ_JOB_GIGABYTES", 3))
