"""How smooth is the loss? Eight measures of both nets: a config, a computation, a result each."""
