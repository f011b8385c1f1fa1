//! What a failed request means, by its kind and never by its text.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use pilothouse_core::aws::policy::Action;
use pilothouse_core::aws::{Trouble, TroubleKind, policy};

use crate::http::Refused;

/// Codes as the APIs that are asked list them among their common errors (EC2 API Reference,
/// "Error codes"; Elastic Load Balancing and ECS API References, "Common Errors").
const THROTTLED: [&str; 6] = [
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestThrottled",
];
const DENIED: [&str; 5] = [
    "UnauthorizedOperation",
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "NotAuthorized",
];
const EXPIRED: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"];
const UNKNOWN: [&str; 7] = [
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidAccessKeyId",
    "MissingAuthenticationToken",
];
const NOT_OFFERED: [&str; 5] = [
    "UnknownOperationException",
    "InvalidAction",
    "UnsupportedOperation",
    "NotImplemented",
    "OptInRequired",
];

/// What a failed request means. Where the role could not be taken on, that is what failed: there
/// are credentials, and what was to be asked never was.
pub(crate) fn trouble<E>(action: Action, error: &SdkError<E, HttpResponse>) -> Trouble
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let roles = causes(error).into_iter();
    let roles =
        roles.filter_map(|one| one.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>());
    match roles.last() {
        Some(role) => of(policy::ASSUME_ROLE, role),
        None => of(action.name(), error),
    }
}

fn of<E>(action: &str, error: &SdkError<E, HttpResponse>) -> Trouble
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error.message() {
        Some(said) => Trouble::by_aws(kind(error), action, said),
        // What it said was in no form of AWS's, or nobody said anything.
        None => match refused(error) {
            Some(why) => Trouble::new(kind(error), action, &why.to_string()),
            None => Trouble::new(kind(error), action, &said(error)),
        },
    }
}

fn kind<E>(error: &SdkError<E, HttpResponse>) -> TroubleKind
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match of_credentials(error).and_then(|one| one.downcast_ref::<CredentialsError>()) {
        Some(CredentialsError::ProviderTimedOut(_)) => return TroubleKind::Late,
        Some(_) => return TroubleKind::NoCredentials,
        None => {}
    }
    match error {
        SdkError::TimeoutError(_) => TroubleKind::Late,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => TroubleKind::Late,
        SdkError::DispatchFailure(_) if refused(error).is_some() => TroubleKind::Unreadable,
        SdkError::DispatchFailure(_) => TroubleKind::Unreachable,
        SdkError::ServiceError(service) => by_code(error.code(), service.raw().status().as_u16()),
        SdkError::ResponseError(response) => by_code(None, response.raw().status().as_u16()),
        _ => TroubleKind::Unreadable,
    }
}

fn by_code(code: Option<&str>, status: u16) -> TroubleKind {
    let code = code.unwrap_or_default();
    let is_one_of = |codes: &[&str]| codes.contains(&code);
    match status {
        _ if is_one_of(&THROTTLED) => TroubleKind::Throttled,
        _ if is_one_of(&DENIED) => TroubleKind::Denied,
        _ if is_one_of(&EXPIRED) => TroubleKind::Expired,
        _ if is_one_of(&UNKNOWN) => TroubleKind::Unknown,
        _ if is_one_of(&NOT_OFFERED) => TroubleKind::NotOffered,
        429 => TroubleKind::Throttled,
        // Whoever stands between refuses without a code of AWS's.
        403 if code.is_empty() => TroubleKind::Denied,
        // Nobody has the path, its method or what it should do; a failure without a code, as of a
        // server or whoever stands between, says nothing of what is offered.
        404 | 405 | 501 if code.is_empty() => TroubleKind::NotOffered,
        500.. => TroubleKind::Broken,
        _ => TroubleKind::Unreadable,
    }
}

/// Why an answer that came was not taken.
fn refused(error: &(dyn Error + 'static)) -> Option<Refused> {
    causes(error).into_iter().find_map(|one| one.downcast_ref::<Refused>().copied())
}

/// Why there was nothing to sign the request with, where it never left for that.
fn of_credentials<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    causes(error).into_iter().find(|one| one.is::<CredentialsError>())
}

/// An error and what caused it, from the outside in.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut all = vec![error];
    let mut next = error.source();
    while let Some(error) = next {
        all.push(error);
        next = error.source();
    }
    all
}

/// All that is known of it, from the outside in, and of credentials from where they are missing:
/// what stands around it says nothing.
fn said(error: &(impl Error + 'static)) -> String {
    let first: &(dyn Error + 'static) = error;
    let all = causes(of_credentials(error).unwrap_or(first));
    let all = all.iter().map(|one| without_secrets(&one.to_string()));
    let all = all.collect::<Vec<String>>().join(": ");
    // The SDK tells what it tried in lines of their own.
    all.split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// What was said without what a `credential_process` wrote before it failed, which may be a secret
/// and is for whoever runs it. The SDK tells how it ended and that as one text, and no kind.
///
/// Nor does anybody hear of an endpoint that is no address, which the SDK tells as it was written: it
/// may have a password anywhere.
fn without_secrets(said: &str) -> String {
    const OUTPUT: &str = "Stderr:";
    const ENDPOINT: &str = "failed to apply endpoint";
    if let Some((how, _)) = said.split_once(OUTPUT) {
        return format!(
            "{} (`credential_process` failed; what it wrote is not told: run it by hand)",
            how.trim_end().trim_end_matches('.')
        );
    }
    match said.split_once(ENDPOINT) {
        Some((before, _)) => {
            format!("{before}the endpoint is no address; write it as https://HOST:PORT")
        }
        None if said.contains("ndpoint") && said.contains('@') => {
            "the endpoint cannot be used; write it as https://HOST:PORT".to_owned()
        }
        None => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_is_no_address_is_not_told_as_it_was_written() {
        for (said, wanted) in [
            (
                "other: failed to apply endpoint `kim:secret@127.0.0.1:1` to request `Request {",
                "other: the endpoint is no address; write it as https://HOST:PORT",
            ),
            (
                "failed to apply endpoint `http://kim:secret ep@127.0.0.1:1` to request",
                "the endpoint is no address; write it as https://HOST:PORT",
            ),
            (
                "Endpoint kim:secret@x was invalid",
                "the endpoint cannot be used; write it as https://HOST:PORT",
            ),
            ("kim@example.com may not", "kim@example.com may not"),
        ] {
            assert_eq!(without_secrets(said), wanted);
        }
    }

    #[test]
    fn codes_and_statuses_are_kinds() {
        for (code, status, kind) in [
            (Some("RequestLimitExceeded"), 503, TroubleKind::Throttled),
            (Some("Throttling"), 400, TroubleKind::Throttled),
            (Some("UnauthorizedOperation"), 403, TroubleKind::Denied),
            (Some("AccessDeniedException"), 400, TroubleKind::Denied),
            (Some("ExpiredToken"), 403, TroubleKind::Expired),
            (Some("AuthFailure"), 401, TroubleKind::Unknown),
            (Some("InternalError"), 500, TroubleKind::Broken),
            (None, 503, TroubleKind::Broken),
            (None, 403, TroubleKind::Denied),
            (Some("Odd"), 403, TroubleKind::Unreadable),
            (None, 500, TroubleKind::Broken),
            (None, 502, TroubleKind::Broken),
            (None, 400, TroubleKind::Unreadable),
            (None, 404, TroubleKind::NotOffered),
            (None, 501, TroubleKind::NotOffered),
            (Some("InvalidAction"), 400, TroubleKind::NotOffered),
            (Some("UnknownOperationException"), 400, TroubleKind::NotOffered),
            (Some("ValidationError"), 400, TroubleKind::Unreadable),
        ] {
            assert_eq!(by_code(code, status), kind, "{code:?} {status}");
        }
    }

    #[test]
    fn what_is_said_are_the_causes_in_words_alone() {
        let missing = CredentialsError::not_loaded("profile `shop` was not defined");
        let around = std::io::Error::other(std::io::Error::other(missing));
        assert_eq!(
            said(&around),
            "the credential provider was not enabled: profile `shop` was not defined"
        );
        assert_eq!(said(&std::io::Error::other("broken")), "broken");
        // As the SDK says it of a profile's `credential_process`.
        let process = "Error retrieving credentials: external process exited with code exit \
                       status: 7. Stderr: SECRET\nStderr: SECRET";
        let told = said(&CredentialsError::provider_error(process));
        assert!(told.contains("exited with code exit status: 7 (`credential_process`"), "{told}");
        assert!(!told.contains("SECRET"), "{told}");
        assert_eq!(said(&std::io::Error::other("Attempted:\n  one\n  two")), "Attempted: one two");
    }
}
