"""Pages: permission, form, one call, render."""
