"""What tiers remember: programmes by versions, the score book, where partners stand, and what was tried."""

from tiers.models.programmes import Level, Path, Programme, ProgrammeDraft, ProgrammeVersion, Requirement
from tiers.models.scores import SCORE_SCALE, Metric, ScoreCredit
from tiers.models.simulations import SimulatedPartner, Simulation
from tiers.models.standings import DemotionNotice, DueReview, Freeze, Override, Review, Standing

__all__ = [
    "SCORE_SCALE",
    "DemotionNotice",
    "DueReview",
    "Freeze",
    "Level",
    "Metric",
    "Override",
    "Path",
    "Programme",
    "ProgrammeDraft",
    "ProgrammeVersion",
    "Requirement",
    "Review",
    "ScoreCredit",
    "SimulatedPartner",
    "Simulation",
    "Standing",
]
