"""``python -m marketplace.cli``"""

from marketplace.cli import main

main()
