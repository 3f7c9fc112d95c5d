"""Every webhook verifier against its vendor's own: nothing more is believed, all less is said."""
