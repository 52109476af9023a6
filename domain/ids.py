"""Ids that cannot be swapped for one another."""

from typing import NewType
from uuid import UUID

PatientId = NewType("PatientId", UUID)
ReadingId = NewType("ReadingId", UUID)
EpisodeId = NewType("EpisodeId", UUID)
FlagId = NewType("FlagId", UUID)
TeamId = NewType("TeamId", UUID)
StaffId = NewType("StaffId", UUID)
OrganisationId = NewType("OrganisationId", UUID)
ClientId = NewType("ClientId", UUID)
