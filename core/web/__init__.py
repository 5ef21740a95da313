"""Pages and page parts shared by the applications."""
