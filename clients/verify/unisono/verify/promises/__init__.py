"""The promises of the contract: what of them a history shows to be broken. None knows of another."""
