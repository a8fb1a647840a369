"""What is watched beside desired state: settings that a tenant only shows, objects out of sight, statements against the log. Pure deciding."""
