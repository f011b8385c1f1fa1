//! Answers as they come: whole, and not too large.
//!
//! The SDK's readers take a text that ends early for one that says no more, and an empty one for
//! one in which nothing is: what was cut off would be a list without what stood behind the cut. So
//! an answer that succeeded is looked through to its end before they see it. It is read into memory
//! whole either way, so that its size has a limit.

use std::fmt;

use aws_smithy_cbor::Decoder;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde::de::IgnoredAny;
use xmlparser::{ElementEnd, Token, Tokenizer};

/// The largest answer that is read, in MiB. A page of five hundred instances, each with as many
/// and as long tags as AWS allows, has about ten.
const MOST: usize = 32;
/// See [`MOST`].
const MOST_BYTES: usize = MOST << 20;

/// Why an answer that came was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is larger than what is read.
    TooLarge,
    /// It ends before it is whole.
    CutOff,
    /// The connection broke off within it.
    BrokenOff,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => {
                write!(f, "the answer has more than {MOST} MiB, which is more than is read")
            }
            Self::CutOff => f.write_str("the answer ends before it is whole"),
            Self::BrokenOff => f.write_str("the connection broke off within the answer"),
        }
    }
}

impl std::error::Error for Refused {}

/// The SDK's own client for HTTPS, of whose answers only whole ones are taken.
pub(crate) fn client() -> SharedHttpClient {
    let client = Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector =
            ConnectorBuilder::default().tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.build()
    });
    whole(client)
}

/// A client of whose answers only whole ones are taken.
fn whole(client: SharedHttpClient) -> SharedHttpClient {
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(Whole(client.http_connector(settings, components)))
    })
}

#[derive(Debug)]
struct Whole(SharedHttpConnector);

impl HttpConnector for Whole {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async {
            let mut answer = answer.await?;
            let refuse = |why: Refused| ConnectorError::other(why.into(), None);
            let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
            let body = read(body).await.map_err(refuse)?;
            // What failed says so by its status, in whatever form.
            if answer.status().is_success() && !is_whole(&answer, &body) {
                return Err(refuse(Refused::CutOff));
            }
            *answer.body_mut() = SdkBody::from(body);
            Ok(answer)
        })
    }
}

async fn read(body: SdkBody) -> Result<Vec<u8>, Refused> {
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    if body.content_length().is_some_and(|length| length > most) {
        return Err(Refused::TooLarge);
    }
    let mut stream = ByteStream::new(body);
    let mut whole = Vec::new();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| Refused::BrokenOff)?;
        if whole.len() + part.len() > MOST_BYTES {
            return Err(Refused::TooLarge);
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole)
}

/// Whether a body is whole, by the form that it has. One of no form that is known is its reader's
/// to judge.
fn is_whole(answer: &HttpResponse, body: &[u8]) -> bool {
    let kind = answer.headers().get("content-type").unwrap_or_default();
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => false,
        Some(_) if kind.contains("cbor") => is_cbor(body),
        Some(b'<') => is_xml(body),
        Some(b'{') => serde_json::from_slice::<IgnoredAny>(body).is_ok(),
        Some(_) => true,
    }
}

fn is_cbor(body: &[u8]) -> bool {
    let mut decoder = Decoder::new(body);
    decoder.skip().is_ok() && decoder.position() == body.len()
}

/// Whether it is one element, in which each that was opened is closed.
fn is_xml(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let mut open = Vec::new();
    let mut roots = 0;
    for token in Tokenizer::from(text) {
        let Ok(token) = token else { return false };
        match token {
            Token::ElementStart { prefix, local, .. } => {
                roots += usize::from(open.is_empty());
                open.push((prefix.as_str(), local.as_str()));
            }
            Token::ElementEnd { end: ElementEnd::Close(prefix, local), .. } => {
                if open.pop() != Some((prefix.as_str(), local.as_str())) {
                    return false;
                }
            }
            Token::ElementEnd { end: ElementEnd::Empty, .. } => {
                open.pop();
            }
            Token::ElementEnd { end: ElementEnd::Open, .. }
            | Token::Declaration { .. }
            | Token::ProcessingInstruction { .. }
            | Token::Comment { .. }
            | Token::DtdStart { .. }
            | Token::EmptyDtd { .. }
            | Token::EntityDeclaration { .. }
            | Token::DtdEnd { .. }
            | Token::Attribute { .. }
            | Token::Text { .. }
            | Token::Cdata { .. } => {}
        }
    }
    roots == 1 && open.is_empty()
}

#[cfg(test)]
mod tests;
