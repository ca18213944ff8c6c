"""Monitoring, product analytics, feature flags and incident tools."""

from telemetry.scrubbing.kinds.kind import kind
from telemetry.scrubbing.kinds.sources import GITLEAKS, TRUFFLEHOG

KINDS = (
    kind("New Relic", "user, ingest or query key", "NRAK- NRII- NRIQ-", "base64url{25,42}", GITLEAKS),
    kind("New Relic", "browser key", "NRJS- NRBR-", "hex{19}", GITLEAKS),
    kind("New Relic", "licence key", "FFFFNRAL", "", TRUFFLEHOG, head="lower{32}"),
    kind("New Relic", "mobile token", "-NRMA", "", TRUFFLEHOG, head="alnum{42}"),
    kind("Grafana", "service account token", "glsa_", "word{32,64}", GITLEAKS),
    kind("Grafana", "cloud token", "glc_", "base64{32,400}", GITLEAKS),
    kind("Grafana", "older API key", "eyJrIjoi", "base64{60,400}", GITLEAKS),
    kind("Sentry", "organization token", "sntrys_", "loose{40,512}", GITLEAKS),
    kind("Sentry", "user token", "sntryu_ sntrya_ sntryi_", "hex{64}",
         "https://github.com/getsentry/sentry/blob/master/src/sentry/types/token.py"),
    kind("PostHog", "personal or feature flag key", "phx_ phs_", "word{32,64}", TRUFFLEHOG),
    kind("Honeycomb", "key", "hcaik_ hcaic_ hcalk_ hcamk_ hcxik_ hcxlk_ hcxmk_", "lower{32,64}",
         "https://docs.honeycomb.io/configure/environments/manage-api-keys/"),
    kind("Dynatrace", "token", "dt0c01. dt0s01. dt0s02. dt0s03. dt0s08. dt0s16.", "upper{8,24} . upper{64}",
         GITLEAKS),
    kind("Axiom", "token", "xaat- xapt-", "uuid{36}", "https://axiom.co/docs/reference/tokens"),
    kind("Datadog", "personal or service token", "ddpat_ ddsat_ ddapp_", "alnum{32,96}",
         "https://docs.datadoghq.com/account_management/personal-access-tokens/"),
    kind("Rootly", "API key", "rootly_", "hex{64}", TRUFFLEHOG),
    kind("PagerDuty", "OAuth token", "pdus+_0XBPWQQ_ pdeu+_0XBPWQQ_ pdus+_1XBPWQQ_ pdeu+_1XBPWQQ_", "uuid{36}",
         "https://developer.pagerduty.com/docs/app-oauth-token"),
    kind("Statsig", "secret key", "secret-", "alnum{40,64}", "https://docs.statsig.com/api-keys"),
    kind("MaxMind", "licence key", "_mmk", "", GITLEAKS, head="word{36}"),
    kind("Adafruit IO", "key", "aio_", "alnum{28}", TRUFFLEHOG),
)  # fmt: skip
