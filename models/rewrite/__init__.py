"""How the upstream graphs become the ones Rollcall loads; see ../prepare.py."""
