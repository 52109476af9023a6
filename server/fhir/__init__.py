"""FHIR R4: the same readings, concerns, plans and permissions, as other systems speak of them."""
