//! The ledger of calls: whether reports were ever asked for more often than is allowed, whoever enforced it.

use super::server::KlaviyoRequest;
use std::collections::BTreeMap;

/// What the specification says of every report endpoint: seconds, and how many in them.
const LIMITS: [(i64, usize); 3] = [(1, 1), (60, 2), (86_400, 225)];

/// Every way in which requests were more than that.
pub(super) fn limits_passed(requests: &[KlaviyoRequest]) -> Vec<String> {
    let mut by_path: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for request in requests.iter().filter(|r| r.path.trim_end_matches('/').ends_with("-reports")) {
        by_path.entry(request.path.trim_end_matches('/')).or_default().push(request.at);
    }
    let mut passed = Vec::new();
    for (path, at) in by_path {
        for (seconds, most) in LIMITS {
            for many in at.windows(most + 1) {
                let within = many[most] - many[0];
                if within < seconds {
                    passed.push(format!("{path}: {} in {within} s at {}", most + 1, many[0]));
                }
            }
        }
    }
    passed
}
