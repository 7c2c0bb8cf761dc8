"""Pages of projects, shared by the provider centre, the enterprise centre and the staff pages.

``asks``: what each step asks for and does; ``extras``: what is begun on a project's page;
``filing``: the form of a contract; ``shapes`` and ``pages``: rows as templates show them;
``views``: the routes, registered once for each audience.
"""

# The staff pages register routes of ours and lend us their parts: they must be loaded first.
import marketplace.web.work  # noqa: F401
