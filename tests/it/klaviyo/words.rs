//! What is said of each kind of trouble: words and a cure of its own, and never what was sent.

use std::collections::BTreeMap;

use foredeck_engine::error::Problem;
use foredeck_engine::klaviyo::KlaviyoError;

fn every_kind() -> Vec<KlaviyoError> {
    let text = |text: &str| text.to_owned();
    vec![
        KlaviyoError::KeyRejected,
        KlaviyoError::KeyMalformed,
        KlaviyoError::ScopeMissing { scope: text("metrics:read") },
        KlaviyoError::Throttled { endpoint: "campaign-values-reports", until: Some(1_772_366_400 + 67_608) },
        KlaviyoError::MetricNotFound { id: text("AbC123") },
        KlaviyoError::MetricNotReportable,
        KlaviyoError::NotFound { endpoint: "lists" },
        KlaviyoError::DuplicateProfile { profile: None },
        KlaviyoError::RevisionRetired,
        KlaviyoError::Blocked { status: 403 },
        KlaviyoError::Refused { status: 422, code: text("invalid"), detail: text("no reason given") },
        KlaviyoError::ListBroken { endpoint: "lists", repeated: true },
        KlaviyoError::Unexpected,
        KlaviyoError::BaseUrl(text("the base URL has no host")),
    ]
}

#[test]
fn each_kind_of_trouble_has_words_and_a_cure_of_its_own() {
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    let mut codes = BTreeMap::new();
    for error in every_kind() {
        let kind = format!("{error:?}");
        let problem = Problem::from(error);
        assert!(problem.hint.ends_with('.') && problem.hint.len() > 10, "{kind}: {}", problem.hint);
        assert!(problem.hint.starts_with(|c: char| c.is_ascii_uppercase()), "{kind}: {}", problem.hint);
        assert!(!problem.message.ends_with('.') && problem.message.len() > 10, "{kind}: {}", problem.message);
        assert_eq!(told.insert(problem.message.clone(), kind.clone()), None, "{kind}: the words of another");
        let code = codes.insert(problem.code, kind.clone());
        assert_eq!(code, None, "{kind}: the code of another");
    }
    assert_eq!(codes.len(), 14);
}

#[test]
fn the_usual_five_say_what_to_do() {
    let cure = |error: KlaviyoError| Problem::from(error).hint;
    for (error, words) in [
        (KlaviyoError::KeyRejected, "Make a new private key in Klaviyo"),
        (KlaviyoError::Throttled { endpoint: "accounts", until: Some(1) }, "Wait"),
        (KlaviyoError::MetricNotFound { id: "AbC123".to_owned() }, "Choose one of the account's metrics"),
        (
            KlaviyoError::ScopeMissing { scope: "metrics:read".to_owned() },
            "Make a new private key that has this scope",
        ),
        // A sync that is accepted and brings nothing: the metric cannot be counted by.
        (KlaviyoError::MetricNotReportable, "Choose another conversion metric"),
    ] {
        let hint = cure(error.clone());
        assert!(hint.starts_with(words), "{error:?}: {hint}");
    }
    let wait =
        Problem::from(KlaviyoError::Throttled { endpoint: "accounts", until: Some(1_772_366_400 + 67_608) });
    assert!(wait.message.ends_with("until 2026-03-02 06:46:48 UTC"), "{}", wait.message);
    let scope = Problem::from(KlaviyoError::ScopeMissing { scope: "metrics:read".to_owned() });
    assert!(scope.message.contains("metrics:read"), "{}", scope.message);
}
