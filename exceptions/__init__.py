"""Shows what is held: looks at the facts that integration wrote and keeps the cases."""
