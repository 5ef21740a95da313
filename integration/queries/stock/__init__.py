"""What the pages of the stock lane ask."""
