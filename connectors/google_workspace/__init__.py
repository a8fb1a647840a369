"""Google Workspace: Vault, Directory, Reports and their neighbours through google-api-python-client, and the translation to our words."""
