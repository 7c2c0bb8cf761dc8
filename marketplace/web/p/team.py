"""The provider's team."""

from marketplace.permissions import Permission
from marketplace.web import teams
from marketplace.web.p.blueprint import MENU, blueprint

MENU.append(("团队", "/p/team", Permission.TEAM_READ))
teams.add_to(blueprint)
