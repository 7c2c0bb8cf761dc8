"""An enterprise chooses: comparison, favourites, shortlists, saved searches, selections."""
