"""HTTP in: AWS's protocols to ApiCall, answers and errors out in AWS's shapes."""
