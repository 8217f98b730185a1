"""Files of users: the only readers and writers."""
