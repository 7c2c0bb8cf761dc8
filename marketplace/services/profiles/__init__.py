"""What providers show: profile, products, prices, change requests, upkeep."""
