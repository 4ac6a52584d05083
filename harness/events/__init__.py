"""EventBridge's machinery: patterns, schedules, the bus and its targets. Knows no API call's shape but targets'."""
