"""The enterprise's team."""

from marketplace.permissions import Permission
from marketplace.web import teams
from marketplace.web.me.blueprint import MENU, blueprint

MENU.append(("团队", "/me/team", Permission.TEAM_READ))
teams.add_to(blueprint)
