"""Letters to mail servers, pagers and webhooks outside both clouds, by the library ``apprise`` in a process of its own."""
