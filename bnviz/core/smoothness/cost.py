"""What a measure costs, known before it is begun: so many gradients, of so large a net."""

from dataclasses import dataclass

from bnviz.core.smoothness import configs

#: Gradients x parameters x rows that one core of a small machine does in about two seconds.
#: Smaller nets are slower than their size says, larger ones faster.
LIGHT = 2e9

#: Products with the Hessian that Lanczos takes for the ends of a spectrum, as a rule.
_LANCZOS = 60


@dataclass(frozen=True)
class Cost:
    """An estimate; a product with the Hessian counts as two gradients, a loss as one at most."""

    gradients: int
    """Of one net each, all seeds together."""
    parameters: int
    rows: int
    trains: bool
    """Whether nets are trained for it, which comes on top."""

    @property
    def light(self) -> bool:
        """Whether one may wait for it."""
        return not self.trains and self.gradients * self.parameters * self.rows <= LIGHT


def cost(config: configs.Measure, parameters: int, rows: int, seeds: int) -> Cost:
    """Of a measure of nets with so many parameters each, whose loss is taken on so many rows."""
    nets, trains = 2, False
    match config:
        case configs.ReplayConfig():
            each = 3 * config.probes
        case configs.ScalesConfig():
            each = 2 * 15 * 2 * config.probes  # two precisions, 15 scales, with kinks and without
        case configs.ExtremesConfig():
            each = seeds * (2 * 2 * _LANCZOS + 3 * config.probes)
        case configs.DensityConfig():
            each = 2 * config.probes * config.steps
        case configs.LandscapeConfig():
            each, trains = config.points**2 + 51 * config.lines, config.plane == "path"
        case configs.GapConfig():
            each, trains = 6 * seeds * (2 * 2 * _LANCZOS + 3 * config.probes), True
        case configs.AlongConfig():
            each, trains = seeds * config.moments * (config.sizes + 1), True
        case configs.StabilityConfig():
            each, trains = seeds * config.halvings * config.steps, True
        case _:
            raise TypeError(f"Unknown measure: {config!r}")
    return Cost(nets * each, parameters, rows, trains)
