//! An answer of `GetMetricData`, page by page, until it is whole.
//!
//! What is not whole is never taken as such: less than what was measured would be a lower price.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{MetricDataQuery, MetricDataResult, StatusCode};
use pilothouse_core::aws::{Trouble, TroubleKind, policy};
use pilothouse_core::time::Timestamp;

use super::date;
use crate::failure::trouble;
use crate::{Count, text, told};

/// Pages of one answer that are read at most: one has up to 100,800 values (CloudWatch API
/// Reference, `GetMetricData`), which is more than is ever asked for.
const PAGES: usize = 10;

/// What was measured, by the place of its query.
pub(super) type Measured = BTreeMap<usize, Vec<(Timestamp, f64)>>;

/// Asks for measurements in a span of time, with all of their values.
pub(super) async fn all(
    client: &Client,
    count: &Count,
    queries: &[MetricDataQuery],
    (from, until): (Timestamp, Timestamp),
) -> Result<Measured, Trouble> {
    let mut pages = Pages::default();
    for _ in 0..PAGES {
        count.request();
        count.metrics(queries.len());
        let answer = client
            .get_metric_data()
            .start_time(date(from))
            .end_time(date(until))
            .set_metric_data_queries(Some(queries.to_vec()))
            .set_next_token(pages.next.take())
            .send()
            .await
            .map_err(|error| trouble(policy::GET_METRIC_DATA, &error))?;
        pages.take(&answer)?;
        if pages.next.is_none() {
            break;
        }
    }
    pages.whole()
}

/// The pages of an answer that came until now.
#[derive(Default)]
struct Pages {
    found: Measured,
    /// What each measurement lacked on its last page, by the place of its query.
    lacks: BTreeMap<usize, (StatusCode, String)>,
    /// What the next page is asked for by; none where there is none.
    next: Option<String>,
}

impl Pages {
    fn take(&mut self, page: &GetMetricDataOutput) -> Result<(), Trouble> {
        for result in told(policy::GET_METRIC_DATA, page.metric_data_results.as_ref())? {
            let place = result.id().and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
            let Some(place) = place else { continue };
            let times = result.timestamps().iter().map(|at| {
                let ms = at.to_millis().ok().and_then(|ms| u64::try_from(ms).ok());
                Timestamp(ms.unwrap_or(0))
            });
            let values = times.zip(result.values().iter().copied());
            self.found.entry(place).or_default().extend(values);
            match result.status_code() {
                None | Some(StatusCode::Complete) => self.lacks.remove(&place),
                Some(status) => self.lacks.insert(place, (status.clone(), said(result))),
            };
        }
        self.next = page.next_token().filter(|token| !token.is_empty()).map(Into::into);
        Ok(())
    }

    /// All that was measured, or why some of it is not there.
    fn whole(self) -> Result<Measured, Trouble> {
        let trouble =
            |kind, said: &str| Err(Trouble::by_aws(kind, policy::GET_METRIC_DATA.name(), said));
        if let Some((status, said)) = self.lacks.values().next() {
            let kind = match status {
                StatusCode::Forbidden => TroubleKind::Denied,
                _ => TroubleKind::Broken,
            };
            return trouble(kind, said);
        }
        match self.next {
            Some(_) => trouble(TroubleKind::Unreadable, &format!("more than {PAGES} pages")),
            None => Ok(self.found),
        }
    }
}

/// What AWS says of a measurement that is not whole.
fn said(result: &MetricDataResult) -> String {
    let status = result.status_code().map_or("", StatusCode::as_str);
    let messages = result.messages().iter();
    let messages = messages.filter_map(|one| one.value()).collect::<Vec<_>>().join("; ");
    let messages = if messages.is_empty() { String::new() } else { format!(": {messages}") };
    text(Some(&format!("{status} for {}{messages}", result.label().unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::MessageData;
    use aws_smithy_types::DateTime;

    use super::*;

    fn result(id: &str, status: StatusCode, values: &[(i64, f64)]) -> MetricDataResult {
        let times = values.iter().map(|(at, _)| DateTime::from_secs(*at)).collect();
        let values = values.iter().map(|(_, value)| *value).collect();
        MetricDataResult::builder()
            .id(id)
            .label("BytesInFromSource")
            .status_code(status)
            .set_timestamps(Some(times))
            .set_values(Some(values))
            .build()
    }

    fn page(next: Option<&str>, results: Vec<MetricDataResult>) -> GetMetricDataOutput {
        let next = next.map(str::to_owned);
        GetMetricDataOutput::builder()
            .set_next_token(next)
            .set_metric_data_results(Some(results))
            .build()
    }

    // CloudWatch API Reference, MetricDataResult, `StatusCode`: "PartialData means that an
    // incomplete set of data points were returned. You can use the NextToken value that was
    // returned and repeat your request to get more data points." and "InternalError indicates that
    // an error occurred. Retry the request using NextToken, if present."
    #[test]
    fn what_is_not_whole_is_asked_on_by_its_token() {
        for status in [StatusCode::PartialData, StatusCode::InternalError] {
            let mut pages = Pages::default();
            pages.take(&page(Some("abc"), vec![result("m0", status, &[(300, 1.0)])])).unwrap();
            assert_eq!(pages.next.as_deref(), Some("abc"));
            pages
                .take(&page(None, vec![result("m0", StatusCode::Complete, &[(600, 3.0)])]))
                .unwrap();
            assert_eq!(pages.next, None);
            let whole = pages.whole().unwrap();
            let values = vec![(Timestamp(300_000), 1.0), (Timestamp(600_000), 3.0)];
            assert_eq!(whole, BTreeMap::from([(0, values)]));
        }
    }

    #[test]
    fn what_stays_in_part_is_not_measured_for_its_reason() {
        for (status, kind) in [
            (StatusCode::PartialData, TroubleKind::Broken),
            (StatusCode::InternalError, TroubleKind::Broken),
            (StatusCode::Forbidden, TroubleKind::Denied),
        ] {
            let mut pages = Pages::default();
            let word = status.as_str().to_owned();
            let mut lacking = result("m1", status, &[(300, 1.0)]);
            let message = MessageData::builder().code("x").value("try later").build();
            lacking.messages = Some(vec![message]);
            pages
                .take(&page(None, vec![result("m0", StatusCode::Complete, &[]), lacking]))
                .unwrap();
            let trouble = pages.whole().unwrap_err();
            assert_eq!(trouble.kind, kind, "{trouble}");
            assert_eq!(trouble.said, format!("{word} for BytesInFromSource: try later"));
        }
        let mut pages = Pages::default();
        pages.take(&page(Some("abc"), vec![result("m0", StatusCode::Complete, &[])])).unwrap();
        assert_eq!(pages.whole().unwrap_err().kind, TroubleKind::Unreadable, "more is to come");
        let none = GetMetricDataOutput::builder().build();
        let trouble = Pages::default().take(&none).unwrap_err();
        assert_eq!(
            trouble.kind,
            TroubleKind::Unreadable,
            "it has no list, which is not an empty one"
        );
    }
}
