"""One job per module: gather inputs, call one service, return counts."""
