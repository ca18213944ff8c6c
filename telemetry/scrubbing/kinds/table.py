"""All rows of the list."""

from telemetry.scrubbing.kinds import ai, clouds, code, commerce, forms, observability, work

KINDS = (
    *ai.KINDS,
    *clouds.KINDS,
    *code.KINDS,
    *commerce.KINDS,
    *observability.KINDS,
    *work.KINDS,
    *forms.KINDS,
)
