"""Request shapes, one module per noun: what pages and programs send in."""
