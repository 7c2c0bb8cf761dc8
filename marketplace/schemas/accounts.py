"""What the pages for accounts and administration accept."""

from marketplace.phases import OrganisationKind, Role
from marketplace.schemas.names import Choice, Day, Form, Line, Mail, Uscc, Whole

BIGGEST_ID = 2**31 - 1
PER_PAGE = 50
DEEPEST_PAGE = 10_000


class LoginForm(Form):
    """The password is taken exactly as typed, so it is read beside the schema."""

    login = Line(200, required=True)
    next = Line(2000, load_default="")


class MailForm(Form):
    """Where to send a link."""

    login = Mail(required=True)


class CodeForm(Form):
    """A code of the second factor, as typed."""

    code = Line(40, required=True)


class ConfirmForm(Form):
    """Where to go on after the password was checked again; ``code`` for those who have one."""

    next = Line(2000, load_default="/account")
    code = Line(40, load_default="")


class SwitchForm(Form):
    """The role to act in."""

    grant = Whole(1, BIGGEST_ID, required=True)


class ReasonForm(Form):
    """Why."""

    reason = Line(200, required=True)


class RenameForm(Form):
    """A corrected name, and the version it was read at."""

    name = Line(60, required=True)
    version = Whole(1, BIGGEST_ID, required=True)


class GrantForm(Form):
    """A role for an organisation, until a day or without end."""

    role = Choice(list(Role), required=True)
    uscc = Uscc(required=True)
    valid_until = Day(load_default=None)


class InviteForm(GrantForm):
    """A new person and the first role."""

    login = Mail(required=True)
    name = Line(60, required=True)


class OrganisationForm(Form):
    """What may be corrected of an organisation."""

    name = Line(120, required=True)
    short_name = Line(40, load_default="")
    kind = Choice(list(OrganisationKind), required=True)
    district = Line(12, load_default="")
    registered_city = Line(40, load_default="")
    address = Line(200, load_default="")


class NewOrganisationForm(OrganisationForm):
    """With the credit code, which never changes afterwards."""

    uscc = Uscc(required=True)


class EditOrganisationForm(OrganisationForm):
    """With the version it was read at."""

    version = Whole(1, BIGGEST_ID, required=True)


class ListQuery(Form):
    """Search words and the page of a list."""

    q = Line(100, load_default="")
    page = Whole(1, DEEPEST_PAGE, load_default=1)


class OrganisationQuery(ListQuery):
    """Filters of the list of organisations."""

    kind = Choice(list(OrganisationKind), load_default="")
    district = Line(12, load_default="")


class UserQuery(ListQuery):
    """Filters of the list of users."""

    role = Choice(list(Role), load_default="")
    state = Choice(["active", "inactive"], load_default="")


class EventQuery(Form):
    """Filters of the history; ``before`` is the id to go on from."""

    action = Line(60, load_default="")
    subject = Line(40, load_default="")
    subject_id = Whole(1, BIGGEST_ID, load_default=None)
    actor = Line(60, load_default="")
    since = Day(load_default=None)
    until = Day(load_default=None)
    before = Whole(1, 2**53, load_default=None)


class SecurityQuery(Form):
    """Filters of the security records; ``before`` is the id to go on from."""

    kind = Line(40, load_default="")
    result = Choice(["ok", "failed", "denied"], load_default="")
    user = Whole(1, BIGGEST_ID, load_default=None)
    ip = Line(45, load_default="")
    since = Day(load_default=None)
    until = Day(load_default=None)
    before = Whole(1, 2**53, load_default=None)


class Nothing(Form):
    """A form that holds a button only."""
