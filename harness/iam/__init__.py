"""Policy evaluation: what AWS's policies say to a request. Pure: it reads nothing and calls nobody."""
