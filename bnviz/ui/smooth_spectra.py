"""Sections of Smoothness about the Hessian: its ends, its whole spectrum, where the gap is from."""

from bnviz.core.smoothness.configs import DensityConfig, ExtremesConfig, GapConfig
from bnviz.core.smoothness.results import Density, Extremes, Gap
from bnviz.plots import smooth_density, smooth_gap, smooth_spectrum
from bnviz.ui.language import say
from bnviz.ui.layout import draw, look, show_pair
from bnviz.ui.linked import choice
from bnviz.ui.smooth_controls import measure
from bnviz.ui.smooth_section import show_section
from bnviz.ui.smooth_subject import Asked


def show_extremes(asked: Asked) -> None:
    """Random probes between the root mean square eigenvalue and the largest; traces; sharpness."""

    def figures(found: Extremes) -> None:
        draw(smooth_spectrum.ruler(found, look(), say), "ruler", say("smoothness.extremes.alt"))
        show_pair(
            {
                "normalized": smooth_spectrum.normalized(found, look(), say),
                "traces": smooth_spectrum.traces(found, look(), say),
            },
            say("smoothness.extremes.pair_alt"),
            lambda name: say(f"smoothness.extremes.{name}"),
        )

    config = measure(ExtremesConfig, asked, "probes")
    mode = say(f"option.{config.bn_mode}")
    show_section(asked, config, figures, probes=config.probes, mode=mode)


def show_density(asked: Asked) -> None:
    """Both spectra on one axis."""

    def figures(found: Density) -> None:
        figure = smooth_density.density(found, look(), say)
        draw(figure, "density", say("smoothness.density.alt"))

    config = measure(DensityConfig, asked, "probes", "steps")
    mode = say(f"option.{config.bn_mode}")
    show_section(asked, config, figures, probes=config.probes, steps=config.steps, mode=mode)


def show_gap(asked: Asked) -> None:
    """The ratio of both nets, split into input scaling, BN and mode; every cell of the cross."""

    def figures(found: Gap) -> None:
        from bnviz.core.smoothness.gap import split

        quantity = choice(
            "gap_quantity",
            smooth_gap.QUANTITIES,
            label=say("smoothness.gap.quantity"),
            shown=lambda name: say(f"smoothness.gap.{name}"),
        )
        show_pair(
            {
                "split": smooth_gap.split(split(found), look(), say),
                "cells": smooth_gap.cells(found, quantity, look(), say),
            },
            say("smoothness.gap.alt"),
            lambda name: say(f"smoothness.gap.{name}"),
        )

    config = measure(GapConfig, asked, "probes")
    show_section(asked, config, figures, probes=config.probes)
