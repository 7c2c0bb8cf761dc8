"""Projects as staff see them: the district files and seals, the city checks and decides."""

from marketplace.permissions import Permission
from marketplace.web.projects.views import register
from marketplace.web.work.blueprint import blueprint

register(blueprint, "work", Permission.WORK_READ, Permission.PROJECT_TERMINATE)
