"""Places in a team: a provider has owners, editors and viewers, an enterprise leads, members.

An organisation that is both has two teams, one for each side; nobody is in the other unasked.
"""

from dataclasses import dataclass

from marketplace.errors import Invalid
from marketplace.models import RoleGrant
from marketplace.phases import OrganisationKind, Role

OWNER, EDITOR, VIEWER, MEMBER = "owner", "editor", "viewer", "member"


@dataclass(frozen=True)
class Post:
    """A place in a team: the role behind it, and whether it manages the team."""

    key: str
    label: str
    role: Role
    leads: bool
    may: str


POSTS: dict[OrganisationKind, tuple[Post, ...]] = {
    OrganisationKind.PROVIDER: (
        Post(OWNER, "负责人", Role.PROVIDER_OWNER, True, "办理全部事项，管理团队"),
        Post(EDITOR, "编辑", Role.PROVIDER_EDITOR, False, "维护资料、案例和合同，不管理团队"),
        Post(VIEWER, "只读", Role.PROVIDER_VIEWER, False, "只能查看"),
    ),
    OrganisationKind.ENTERPRISE: (
        Post(OWNER, "负责人", Role.ENTERPRISE, True, "办理全部事项，管理团队"),
        Post(MEMBER, "成员", Role.ENTERPRISE, False, "办理全部事项，不管理团队"),
    ),
}


def side(role: str) -> OrganisationKind:
    """The side of an organisation that a role of its team belongs to."""
    enterprise = role == Role.ENTERPRISE
    return OrganisationKind.ENTERPRISE if enterprise else OrganisationKind.PROVIDER


def roles_of(kind: OrganisationKind) -> tuple[str, ...]:
    """The roles in the team of one side; none for public bodies."""
    return tuple({place.role.value: "" for place in POSTS.get(kind, ())})


def post_of(grant: RoleGrant) -> Post:
    """The place a grant gives. Raises StopIteration for staff."""
    leads = grant.leads or grant.role == Role.PROVIDER_OWNER
    choices = POSTS[side(grant.role)]
    return next(one for one in choices if (one.role, one.leads) == (grant.role, leads))


def invitable(kind: OrganisationKind) -> tuple[Post, ...]:
    """Places that a link may give: an enterprise's lead is appointed by hand-over."""
    return tuple(
        one for one in POSTS[kind] if not (one.leads and kind is OrganisationKind.ENTERPRISE)
    )


def invited_to(role: str) -> Post:
    """The place that an invitation with this role is for."""
    return next(one for one in invitable(side(role)) if one.role == role)


def page(kind: OrganisationKind) -> str:
    """Where the team of a side is managed."""
    return "/p/team" if kind is OrganisationKind.PROVIDER else "/me/team"


def post(kind: OrganisationKind, key: str) -> Post:
    """One place of a side by its key. Raises Invalid (field ``post``)."""
    found = next((one for one in POSTS[kind] if one.key == key), None)
    if found is None:
        raise Invalid(fields={"post": ["请选择列表中的一项"]})
    return found
