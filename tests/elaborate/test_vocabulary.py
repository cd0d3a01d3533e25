"""The words that the elaborator takes for granted are those that later phases know."""

from resdsl.elaborate.vocabulary import INIT_RULES, SCHEMES, SUBJECTS
from resdsl.emit.python.initialise import INIT_RULES as EMITTED_RULES
from resdsl.emit.schemes import SCHEMES as EMITTED_SCHEMES
from tests.elaborate.programs import check, network, told


def test_the_initialisations_are_those_that_are_emitted():
    assert dict(INIT_RULES) == {name: rule.n_arguments for name, rule in EMITTED_RULES.items()}


def test_the_schemes_are_those_that_are_emitted():
    assert set(SCHEMES) == set(EMITTED_SCHEMES)


def test_every_subject_can_be_expected():
    for subject in SUBJECTS:
        assert told(check(network(f"expect {subject} = 999_999_999"))) == ["expect-fails"]
