"""The words of the EU's transparency database, as its own application lists them (schema v2)."""


def _coded(prefix: str, words: str) -> dict[str, str]:
    """Our words with the codes they stand for: `self-harm` is `…_SELF_HARM`."""
    return {word: prefix + word.upper().replace("-", "_") for word in words.split()}


VISIBILITY = _coded(
    "DECISION_VISIBILITY_",
    "content-removed content-disabled content-demoted content-age-restricted "
    "content-interaction-restricted content-labelled other",
)
MONETARY = _coded("DECISION_MONETARY_", "suspension termination other")
PROVISION = _coded(
    "DECISION_PROVISION_",
    "partial-suspension total-suspension partial-termination total-termination",
)
ACCOUNT = _coded("DECISION_ACCOUNT_", "suspended terminated")
ACCOUNT_TYPE = _coded("ACCOUNT_TYPE_", "business private")
GROUND = _coded("DECISION_GROUND_", "illegal-content incompatible-content")
CONTENT_TYPE = _coded("CONTENT_TYPE_", "app audio image product synthetic-media text video other")
CATEGORY = _coded(
    "STATEMENT_CATEGORY_",
    "animal-welfare consumer-information cyber-violence cyber-violence-against-women "
    "data-protection-and-privacy-violations illegal-or-harmful-speech "
    "intellectual-property-infringements negative-effects-on-civic-discourse-or-elections "
    "not-specified-notice other-violation-tc protection-of-minors risk-for-public-security "
    "scams-and-fraud self-harm unsafe-and-prohibited-products violence",
)
KEYWORD = _coded(
    "KEYWORD_",
    "adult-sexual-material age-specific-restrictions age-specific-restrictions-minors "
    "animal-harm biometric-data-breach bullying-against-girls child-sexual-abuse-material "
    "child-sexual-abuse-material-deepfake content-promoting-eating-disorders coordinated-harm "
    "copyright-infringement cyber-bullying-intimidation cyber-harassment "
    "cyber-harassment-against-women cyber-incitement cyber-stalking cyber-stalking-against-women "
    "dangerous-toys data-falsification defamation design-infringement discrimination "
    "female-gendered-disinformation geographic-indications-infringement "
    "geographical-requirements goods-services-not-permitted grooming-sexual-enticement-minors "
    "hate-speech hidden-advertisement human-exploitation human-trafficking "
    "illegal-organizations impersonation-account-hijacking inauthentic-accounts "
    "inauthentic-listings inauthentic-user-reviews incitement-against-women "
    "incitement-violence-hatred insufficient-information-on-traders language-requirements "
    "misinformation-disinformation misleading-info-consumer-rights "
    "misleading-info-goods-services missing-processing-ground non-consensual-image-sharing "
    "non-consensual-image-sharing-against-women non-consensual-material-deepfake "
    "non-consensual-material-deepfake-against-women noncompliance-pricing nudity other "
    "patent-infringement phishing prohibited-products pyramid-schemes right-to-be-forgotten "
    "risk-environmental-damage risk-public-health self-mutilation stalking suicide "
    "terrorist-content trade-secret-infringement trademark-infringement trafficking-women-girls "
    "unlawful-sale-animals unsafe-challenges unsafe-products violation-eu-law "
    "violation-national-law",
)
SOURCE = {
    "article-16": "SOURCE_ARTICLE_16",
    "trusted-flagger": "SOURCE_TRUSTED_FLAGGER",
    "other-notification": "SOURCE_TYPE_OTHER_NOTIFICATION",
    "voluntary": "SOURCE_VOLUNTARY",
}
AUTOMATED = _coded("AUTOMATED_DECISION_", "fully partially not-automated")
COUNTRIES = _coded(
    "",
    "at be bg cy cz de dk ee es fi fr gr hr hu ie is it li lt lu lv mt nl no pl pt ro se si sk",
)
"""The European Economic Area, as the territorial scope names it."""
EEA = "eea"
"""All of them, in one word."""
