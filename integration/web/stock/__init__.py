"""The pages of the stock lane."""
