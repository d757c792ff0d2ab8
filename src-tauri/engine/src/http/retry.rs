//! Whether and when a failed request is sent again. Pure but for the dice.

use std::time::Duration;

use super::{Call, HttpError, Method, Told};

const BASE: Duration = Duration::from_millis(250);
const CAP: Duration = Duration::from_secs(8);
/// Attempts after the first.
const RETRIES: u32 = 4;

/// A full-jitter pause before attempt `attempt + 1`: anything up to a doubling cap.
pub fn backoff(attempt: u32) -> Duration {
    let cap = BASE.saturating_mul(2_u32.saturating_pow(attempt)).min(CAP);
    cap.mul_f64(rand::random::<f64>())
}

/// The pause before a failed call is sent again; None when it is not.
///
/// GET is repeated; POST only with an idempotency key, or where the call may be; PATCH and DELETE never. `Stripe-Should-Retry` decides where it
/// is given, `Retry-After` sets the pause (docs.stripe.com/error-low-level).
pub fn after_failure(error: &HttpError, call: &Call, attempt: u32, told: Option<Told>) -> Option<Duration> {
    let told = told.unwrap_or_default();
    let safe = match call.method {
        Method::Get => true,
        Method::Post => call.repeatable || call.idempotency_key.is_some(),
        Method::Patch | Method::Delete => false,
    };
    let worth =
        !matches!(error, HttpError::Tls { .. } | HttpError::Redirect { .. } | HttpError::HeldBack { .. });
    if !safe || !worth || attempt >= RETRIES || told.retry == Some(false) {
        return None;
    }
    // Nothing listens or no network: the caller's own schedule tries again.
    if matches!(error, HttpError::Offline { .. }) && attempt >= 1 {
        return None;
    }
    let asked = told.retry_after.map(Duration::from_secs);
    Some(asked.map_or_else(|| backoff(attempt), |asked| asked + backoff(0)))
}

#[cfg(test)]
mod tests {
    use super::super::Priority;
    use super::*;

    fn call(method: Method, key: Option<&str>) -> Call {
        Call {
            method,
            path: "/v1/x".into(),
            endpoint: "x",
            query: None,
            body: None,
            idempotency_key: key.map(str::to_owned),
            repeatable: false,
            priority: Priority::Normal,
        }
    }

    #[test]
    fn only_what_is_safe_is_sent_again() {
        let failed = HttpError::Server { host: "h".into(), status: 500, request_id: None, replayed: false };
        assert!(after_failure(&failed, &call(Method::Get, None), 0, None).is_some());
        assert!(after_failure(&failed, &call(Method::Post, None), 0, None).is_none());
        assert!(after_failure(&failed, &call(Method::Post, Some("k")), 0, None).is_some());
        assert!(after_failure(&failed, &call(Method::Delete, Some("k")), 0, None).is_none());
        assert!(after_failure(&failed, &call(Method::Patch, Some("k")), 0, None).is_none());
        let named = Call { repeatable: true, ..call(Method::Post, None) };
        assert!(after_failure(&failed, &named, 0, None).is_some());
        assert!(after_failure(&failed, &call(Method::Get, None), RETRIES, None).is_none());
        let told = Told { retry: Some(false), retry_after: None };
        assert!(after_failure(&failed, &call(Method::Get, None), 0, Some(told)).is_none());
    }

    #[test]
    fn retry_after_sets_the_pause() {
        let slow = HttpError::Throttled { host: "h".into(), wait_s: 7 };
        let told = Told { retry: None, retry_after: Some(7) };
        let pause = after_failure(&slow, &call(Method::Get, None), 0, Some(told)).unwrap();
        assert!(pause >= Duration::from_secs(7) && pause < Duration::from_secs(8));
    }
}
