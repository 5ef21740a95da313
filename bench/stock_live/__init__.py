"""Stock over real processes while everything moves: see __main__."""
