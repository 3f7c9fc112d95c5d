"""OpenID Connect: who somebody is, by any standard provider."""
