//! Answers that are cut off, empty or too large, as the readers of parts meet them.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use pilothouse_core::aws::{Trouble, TroubleKind};

use super::*;
use crate::{Count, ec2, elb, tags};

/// An endpoint that answers every request alike.
#[derive(Debug)]
struct Same {
    kind: &'static str,
    body: Vec<u8>,
}

impl HttpConnector for Same {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        let mut answer =
            HttpResponse::new(200.try_into().unwrap(), SdkBody::from(self.body.clone()));
        answer.headers_mut().insert("content-type", self.kind);
        HttpConnectorFuture::ready(Ok(answer))
    }
}

async fn config(kind: &'static str, body: &[u8]) -> aws_config::SdkConfig {
    let same = SharedHttpConnector::new(Same { kind, body: body.to_vec() });
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIA", "secret", None, None, "tests"))
        .http_client(whole(http_client_fn(move |_, _| same.clone())))
        .load()
        .await
}

async fn targets(body: &[u8]) -> Result<usize, Trouble> {
    let client = aws_sdk_elasticloadbalancingv2::Client::new(&config("text/xml", body).await);
    let found = elb::health(&client, &Count::default(), &["arn".to_owned()]).await?;
    Ok(found.values().map(Vec::len).sum())
}

const TWO: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">
<DescribeTargetHealthResult><TargetHealthDescriptions>
<member><Target><Id>i-1</Id></Target><TargetHealth><State>healthy</State></TargetHealth></member>
<member><Target><Id>i-2</Id></Target><TargetHealth><State>healthy</State><Reason/></TargetHealth></member>
</TargetHealthDescriptions></DescribeTargetHealthResult>
</DescribeTargetHealthResponse>
"#;

#[tokio::test]
async fn an_answer_that_is_cut_off_anywhere_is_not_understood() {
    assert_eq!(targets(TWO.as_bytes()).await, Ok(2));
    for end in 0..TWO.len() - 2 {
        let trouble = targets(&TWO.as_bytes()[..end]).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unreadable, "{end}: {trouble}");
        assert_eq!(trouble.said, "the answer ends before it is whole", "{end}");
    }
    // What is missing in its middle.
    let without = TWO.replacen("</member>", "", 1);
    assert_eq!(targets(without.as_bytes()).await.unwrap_err().kind, TroubleKind::Unreadable);
}

#[tokio::test]
async fn an_answer_in_json_that_is_cut_off_or_empty_is_not_understood() {
    let whole = br#"{"clusterArns":["arn:aws:ecs:us-east-1:123456789012:cluster/web"]}"#;
    for end in 0..=whole.len() {
        let config = config("application/x-amz-json-1.1", &whole[..end]).await;
        let answer = ecs_clusters(&aws_sdk_ecs::Client::new(&config)).await;
        match answer {
            Ok(found) => assert_eq!((found, end), (1, whole.len())),
            Err(trouble) => {
                assert_eq!(trouble.kind, TroubleKind::Unreadable, "{end}: {trouble}");
                assert!(end < whole.len());
            }
        }
    }
}

async fn ecs_clusters(client: &aws_sdk_ecs::Client) -> Result<usize, Trouble> {
    crate::tags::clusters(client, &Count::default()).await.map(|found| found.len())
}

#[test]
fn an_answer_in_cbor_is_one_value_and_nothing_beside() {
    // {"a": [1, 2]}
    let whole = [0xa1, 0x61, b'a', 0x82, 1, 2];
    assert!(is_cbor(&whole));
    assert!((0..whole.len()).all(|end| !is_cbor(&whole[..end])));
    assert!(!is_cbor(&[0xa0, 0xa0]));
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_taken() {
    let mut body = TWO.as_bytes().to_vec();
    body.resize(MOST_BYTES + 1, b' ');
    let trouble = targets(&body).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unreadable, "{trouble}");
    assert_eq!(trouble.said, "the answer has more than 32 MiB, which is more than is read");
    body.pop();
    assert_eq!(targets(&body).await, Ok(2));
}

/// What came of a reader: how much it found, or why it did not understand.
fn came<T>(answer: Result<Vec<T>, Trouble>) -> Result<usize, String> {
    answer.map(|found| found.len()).map_err(|trouble| {
        assert_eq!(trouble.kind, TroubleKind::Unreadable, "{trouble}");
        trouble.said
    })
}

#[tokio::test]
async fn an_answer_without_what_was_asked_for_is_not_understood_and_an_empty_list_is() {
    let without = Err("the answer does not have what was asked for".to_owned());
    let count = Count::default();
    for (body, volumes) in [
        ("<DescribeVolumesResponse/>", &without),
        ("<DescribeVolumesResponse><requestId>1</requestId></DescribeVolumesResponse>", &without),
        ("<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>", &Ok(0)),
    ] {
        let client = aws_sdk_ec2::Client::new(&config("text/xml", body.as_bytes()).await);
        assert_eq!(came(ec2::volumes(&client, &count).await), *volumes, "{body}");
    }
    for (body, clusters) in [
        (r#"{"message":"hi"}"#, without),
        (r#"{"clusterArns":[]}"#, Ok(0)),
        (r#"{"clusterArns":["a"]}"#, Ok(1)),
        (
            r#"{"clusterArns":["a"],"nextToken":"again"}"#,
            Err("a page of it names itself as the next one".to_owned()),
        ),
    ] {
        let kind = "application/x-amz-json-1.1";
        let client = aws_sdk_ecs::Client::new(&config(kind, body.as_bytes()).await);
        assert_eq!(came(tags::clusters(&client, &count).await), clusters, "{body}");
    }
}
