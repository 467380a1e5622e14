"""What admins change: the rule, the rows and the record of the change in one transaction."""
