"""What a form keeps: drafts, forms held until after login, keys of those that took effect."""
