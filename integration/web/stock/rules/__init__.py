"""The pages of stock rules: the list, one rule with its preview, a file of rules, and what was changed."""
