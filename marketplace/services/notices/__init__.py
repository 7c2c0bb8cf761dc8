"""Public notices with their windows and endings, and the objections made to them."""
