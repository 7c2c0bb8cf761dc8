"""Places in a team: a provider has owners, editors and viewers, an enterprise leads, members."""

from dataclasses import dataclass

from marketplace.errors import Invalid
from marketplace.models import Organisation, RoleGrant
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


def post_of(grant: RoleGrant) -> Post:
    """The place a grant gives (organisation loaded). Raises KeyError for staff."""
    choices = posts(grant.organisation)
    leads = grant.leads or grant.role == Role.PROVIDER_OWNER
    return next(one for one in choices if (one.role, one.leads) == (grant.role, leads))


def posts(organisation: Organisation) -> tuple[Post, ...]:
    """The places of an organisation's team. Raises KeyError for public bodies."""
    return POSTS[OrganisationKind(organisation.kind)]


def page(organisation: Organisation) -> str:
    """Where the team is managed."""
    return "/p/team" if organisation.kind == OrganisationKind.PROVIDER else "/me/team"


def post(organisation: Organisation, key: str) -> Post:
    """One place by its key. Raises Invalid (field ``post``)."""
    found = next((one for one in posts(organisation) if one.key == key), None)
    if found is None:
        raise Invalid(fields={"post": ["请选择列表中的一项"]})
    return found
