"""The stand-in accounts: who they are, and how `infra/` and the SDKs reach them."""
