//! Credentials, region and limits of what is asked of one account.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::meta::region::ProvideRegion as _;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider, load};
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::ServiceConfigKey;
use pilothouse_core::aws::{Access, Trouble, TroubleKind};
use pilothouse_engine::accounts::Profile;
use tokio::sync::Mutex;

use crate::http;

/// How long a connection may take, and how long one request.
const CONNECT: Duration = Duration::from_secs(3);
/// See [`CONNECT`].
const REQUEST: Duration = Duration::from_secs(10);
/// Where the price list of all regions is asked: it is offered in few (AWS Billing User Guide,
/// "Getting started with the AWS Price List Query API").
const PRICING: &str = "us-east-1";
/// The name under which a role's own log knows who took it on.
const SESSION: &str = "pilothouse";

/// What asks one account, made when it is first asked.
pub(crate) struct Session {
    access: Access,
    clients: Mutex<Option<Arc<Clients>>>,
}

/// A client for each API.
pub(crate) struct Clients {
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) ecs: aws_sdk_ecs::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(crate) pricing: aws_sdk_pricing::Client,
    /// Where each service is asked, by its name in policies: the region, and the endpoint where it
    /// is not AWS's own.
    places: BTreeMap<&'static str, String>,
}

/// Services as policies name them, and as AWS's own files and variables do.
const SERVICES: [(&str, &str); 6] = [
    ("sts", "STS"),
    ("ec2", "EC2"),
    ("elasticloadbalancing", "Elastic Load Balancing v2"),
    ("ecs", "ECS"),
    ("cloudwatch", "CloudWatch"),
    ("pricing", "Pricing"),
];

/// The endpoint of a service where it is not AWS's own: its own setting goes before that of all (AWS
/// SDKs and Tools Reference Guide, "Service-specific endpoints"), as the SDK's clients read them.
fn endpoint(config: &SdkConfig, id: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(id)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let own = key.ok().and_then(|key| config.service_config()?.load_config(key));
    own.or_else(|| config.endpoint_url().map(Into::into))
}

/// An endpoint as watchers may read it: without a name and password, which an address may have, and
/// without what may stand behind its path (RFC 3986, section 3).
fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let path = behind.split(['?', '#']).next().unwrap_or_default();
    let begin = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    // One that is not written as it should be may have its password anywhere before this sign.
    if behind.contains('@') {
        return format!("{begin}…");
    }
    format!("{begin}{host}{path}")
}

impl Clients {
    /// A trouble with where its service is asked.
    fn tell(&self, trouble: Trouble) -> Trouble {
        match self.places.get(trouble.service()).cloned() {
            Some(place) => trouble.asked_in(&place),
            None => trouble,
        }
    }
}

impl Session {
    pub(crate) fn new(access: Access) -> Self {
        Self { access, clients: Mutex::default() }
    }

    pub(crate) async fn clients(&self) -> Arc<Clients> {
        let mut clients = self.clients.lock().await;
        if let Some(clients) = &*clients {
            return Arc::clone(clients);
        }
        let made = Arc::new(self.connect().await);
        *clients = Some(Arc::clone(&made));
        made
    }

    /// Forgets these clients, which keep the credentials that they once read: whoever asks next
    /// reads AWS's own files anew, in which somebody may have mended them.
    pub(crate) async fn forget(&self, failed: &Arc<Clients>) {
        let mut clients = self.clients.lock().await;
        if clients.as_ref().is_some_and(|clients| Arc::ptr_eq(clients, failed)) {
            *clients = None;
        }
    }

    /// Whether an account is the one that is pinned.
    pub(crate) fn is_of(&self, account: &str) -> bool {
        self.access.account == account
    }

    /// A trouble as a person reads it: with the profile that brought no credentials, or where it
    /// was asked.
    pub(crate) fn told(&self, clients: &Clients, trouble: Trouble) -> Trouble {
        match &self.access.profile {
            Some(profile) if trouble.kind == TroubleKind::NoCredentials => {
                let said = format!("the profile `{profile}` brings none: {}", trouble.said);
                Trouble::new(trouble.kind, trouble.action, &said)
            }
            _ => clients.tell(trouble),
        }
    }

    async fn connect(&self) -> Clients {
        let config = self.config().await;
        let place = |id: &str| match endpoint(&config, id) {
            Some(url) => format!("{} at {}", self.access.region, shown(&url)),
            None => self.access.region.clone(),
        };
        Clients {
            places: SERVICES.into_iter().map(|(service, id)| (service, place(id))).collect(),
            sts: aws_sdk_sts::Client::new(&config),
            ec2: aws_sdk_ec2::Client::new(&config),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(&config),
            ecs: aws_sdk_ecs::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            pricing: aws_sdk_pricing::Client::from_conf(
                aws_sdk_pricing::config::Builder::from(&config)
                    .region(Region::new(PRICING))
                    .build(),
            ),
        }
    }

    /// Reads AWS's own files and variables as every tool of AWS does. Nothing is tried again by the
    /// SDK: the engine asks again by itself, and waits longer where that is asked for.
    async fn config(&self) -> SdkConfig {
        let limits = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(REQUEST)
            .operation_timeout(REQUEST)
            .build();
        let http = http::client();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(self.access.region.clone()))
            .http_client(http.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(limits.clone());
        if let Some(profile) = &self.access.profile {
            // The usual chain asks variables before any profile: what is named is asked alone.
            let region = Some(Region::new(self.access.region.clone()));
            let provider = ProfileFileCredentialsProvider::builder()
                .configure(
                    &ProviderConfig::without_region()
                        .with_region(region)
                        .with_http_client(http)
                        .with_retry_config(RetryConfig::disabled())
                        .with_timeout_config(limits),
                )
                .profile_name(profile)
                .build();
            loader = loader.profile_name(profile).credentials_provider(provider);
        }
        let config = loader.load().await;
        let Some(role) = &self.access.role else { return config };
        let provider = AssumeRoleProvider::builder(role)
            .session_name(SESSION)
            .configure(&config)
            .build()
            .await;
        config
            .into_builder()
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                provider,
            ))
            .build()
    }
}

/// What AWS's own files say of a profile: its region, or that of the profile whose credentials it
/// uses, and the role that is taken on with them (AWS SDKs and Tools Reference Guide, "Shared config
/// and credentials files").
#[expect(
    clippy::default_trait_access,
    reason = "the type has a name only in a crate below, and a deprecated one here"
)]
pub(crate) async fn profile(name: &str) -> Profile {
    let region = ProfileFileRegionProvider::builder().profile_name(name).build().region().await;
    let (fs, env) = (Fs::real(), Env::real());
    let all = load(&fs, &env, &Default::default(), Some(name.to_owned().into())).await;
    let all = all.ok();
    let own = all.as_ref().and_then(|all| all.get_profile(name));
    Profile {
        region: region.map(|region| region.to_string()),
        role: own.and_then(|own| own.get("role_arn")).map(ToOwned::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use aws_types::service_config::LoadServiceConfig;

    use super::*;

    /// Settings in which ECS alone has an endpoint of its own.
    #[derive(Debug)]
    struct OfEcs;

    impl LoadServiceConfig for OfEcs {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let is_it = (key.service_id(), key.env()) == ("ECS", "AWS_ENDPOINT_URL");
            is_it.then(|| "http://127.0.0.1:2".to_owned())
        }
    }

    #[test]
    fn an_endpoint_is_shown_without_what_may_be_a_secret() {
        for (url, told) in [
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("http://[::1]:5000/aws/", "http://[::1]:5000/aws/"),
            ("https://kim:PASS@host:1/aws", "https://host:1/aws"),
            ("https://kim:PA@SS@host", "https://host"),
            ("https://kim:PA/SS@host", "https://…"),
            ("https://kim:PA?SS@host", "https://…"),
            ("https://kim:PA#SS@host", "https://…"),
            ("https://host/aws?token=SECRET#SECRET", "https://host/aws"),
            ("https://host?token=a@SECRET", "https://…"),
            ("kim:PASS@host", "host"),
        ] {
            assert_eq!(shown(url), told, "{url}");
        }
    }

    #[test]
    fn a_services_own_endpoint_goes_before_that_of_all() {
        let mut config = SdkConfig::builder();
        assert_eq!(endpoint(&SdkConfig::builder().build(), "EC2"), None);
        config.set_endpoint_url(Some("http://127.0.0.1:1".to_owned()));
        config.set_service_config(Some(OfEcs));
        let config = config.build();
        assert_eq!(endpoint(&config, "ECS").as_deref(), Some("http://127.0.0.1:2"));
        assert_eq!(endpoint(&config, "EC2").as_deref(), Some("http://127.0.0.1:1"));
    }
}
