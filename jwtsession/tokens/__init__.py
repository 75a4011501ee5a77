"""Parts of `jwtsession.codec` and `jwtsession.payload`: the compact form and the claims."""
