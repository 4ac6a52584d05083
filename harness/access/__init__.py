"""Who may do what: from a call to the permissions it needs, to the policies that decide, to AWS's refusal."""
