"""How well detectors find what truly happened, held against the published ones on the same people."""
