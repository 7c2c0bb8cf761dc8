"""Projects of an enterprise: what it confirms, accepts and rates."""

from marketplace.permissions import Permission
from marketplace.web.me.blueprint import MENU, blueprint
from marketplace.web.projects.views import register

MENU.append(("项目", "/me/projects", Permission.ENTERPRISE_DESK))
register(blueprint, "me", Permission.ENTERPRISE_DESK, Permission.PROJECT_CONFIRM)
