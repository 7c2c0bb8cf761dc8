"""Cases from draft to hall."""
