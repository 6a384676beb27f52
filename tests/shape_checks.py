"""The checker that enforces jaxtyping's shapes and all other annotations while the tests run."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # a whole number may stand where a float is asked for
