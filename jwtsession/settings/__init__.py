"""Parts of `jwtsession.config`: fields, the rules between them, files, and mistakes."""
