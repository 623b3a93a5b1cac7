"""Our one chart: Plotly figures drawn in place, which move while a hand moves a control."""
