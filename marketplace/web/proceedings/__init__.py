"""Pages of proceedings, appeals and replacements, as each side sees them."""
