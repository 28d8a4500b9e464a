"""The verbs: functions that take targets and return records. Nothing here prints or exits."""
