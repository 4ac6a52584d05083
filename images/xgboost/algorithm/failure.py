"""What may be wrong with a training job, told apart as AWS's image does."""


class CustomerError(Exception):
    """A mistake in hyperparameters, channels or data, which the person who started the job can put right."""
