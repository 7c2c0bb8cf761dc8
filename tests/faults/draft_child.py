"""A window that saves what is typed, word by word, and says what was confirmed, until killed."""

import itertools
import sys

from marketplace.crypto import Cipher
from marketplace.db import Database, make_engine
from marketplace.permissions import Actor
from marketplace.services.forms import drafts
from marketplace.services.forms.drafts import Typed

URL, USER, ORGANISATION, FIRST = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])


def main() -> None:
    database = Database(make_engine(URL))
    actor = Actor(user_id=USER, organisation_id=ORGANISATION)
    cipher = Cipher(["k" * 32])
    for number in itertools.count(FIRST):
        typed = Typed(key="story:1", version=0, fields={"n": [str(number)]}, window="one")
        database.run(lambda session, typed=typed: drafts.save(session, actor, cipher, typed))
        print(number, flush=True)


main()
