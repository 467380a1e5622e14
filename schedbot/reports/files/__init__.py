"""Files and pictures of a report: checked, drawn and written to the spool."""
