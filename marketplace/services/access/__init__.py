"""How people come in: registration, access requests, invitations, teams of an organisation."""
