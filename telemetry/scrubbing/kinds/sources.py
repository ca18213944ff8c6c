"""The sources of the rows, and the day on which they were looked up. Facts are from there, no expression was copied."""

LOOKED_UP = "2026-11-29"

GITLEAKS = "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml"
TRUFFLEHOG = "https://github.com/trufflesecurity/trufflehog/tree/main/pkg/detectors"
DETECT_SECRETS = "https://github.com/Yelp/detect-secrets/tree/master/detect_secrets/plugins"
BETTERLEAKS = "https://github.com/betterleaks/betterleaks/blob/main/config/betterleaks.toml"
NOSEY_PARKER = (
    "https://github.com/praetorian-inc/noseyparker/tree/main/crates/noseyparker/data/default/builtin/rules"
)
KEYHOG = "https://github.com/santhreal/keyhog/tree/main/detectors"
# It names the kind and not its shape, which is that of the keys in published code and documentation.
GITHUB_LIST = (
    "https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns"
)
GITLAB_LIST = "https://docs.gitlab.com/user/application_security/secret_detection/detected_secrets/"
GITLAB_TOKENS = "https://docs.gitlab.com/security/tokens/#token-prefixes"
PHC = "https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md"
CRYPT = "https://man.archlinux.org/man/crypt.5"
