//! What both emulators lie about: targets that are not healthy, rollouts that fail, tasks that
//! stopped, and prices. Each in the form that AWS's own page has, and no more than a test needs.

use serde_json::{Value, json};

/// A target in a state, with AWS's reason code and what it says.
pub struct Target<'a> {
    pub id: &'a str,
    pub state: &'static str,
    pub reason: &'static str,
    pub said: &'static str,
}

/// The states that a target has besides healthy, with their reasons (Elastic Load Balancing API
/// Reference, `TargetHealth`; User Guide for Application Load Balancers, "Health check reason
/// codes").
pub const STATES: [(&str, &str, &str); 7] = [
    ("initial", "Elb.RegistrationInProgress", "Target registration is in progress"),
    ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress"),
    ("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]"),
    ("unhealthy", "Target.Timeout", "Request timed out"),
    ("unhealthy", "Target.FailedHealthChecks", "Health checks failed"),
    ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"),
    (
        "unused",
        "Target.NotInUse",
        "Target group is not configured to receive traffic from the load balancer",
    ),
];

/// The answer to `DescribeTargetHealth` (Elastic Load Balancing API Reference, "Examples" of it).
pub fn health(targets: &[Target<'_>]) -> String {
    let member = |one: &Target<'_>| {
        let Target { id, state, reason, said } = one;
        let why = if reason.is_empty() {
            String::new()
        } else {
            format!("<Reason>{reason}</Reason><Description>{said}</Description>")
        };
        format!(
            "<member><HealthCheckPort>8080</HealthCheckPort>\
             <TargetHealth><State>{state}</State>{why}</TargetHealth>\
             <Target><Port>8080</Port><Id>{id}</Id></Target></member>"
        )
    };
    let members: String = targets.iter().map(member).collect();
    format!(
        "<DescribeTargetHealthResponse \
         xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">\
         <DescribeTargetHealthResult><TargetHealthDescriptions>{members}\
         </TargetHealthDescriptions></DescribeTargetHealthResult>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>\
         </DescribeTargetHealthResponse>"
    )
}

/// An answer of Elastic Load Balancing that has nothing of what was asked for, not even an empty
/// list (Elastic Load Balancing API Reference, the responses of its actions).
pub fn nothing(action: &str) -> String {
    format!(
        "<{action}Response xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">\
         <{action}Result></{action}Result>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>"
    )
}

/// The ARN of a thing of ECS (Amazon ECS Developer Guide, "ARNs and resource IDs").
fn arn(of: &str) -> String {
    format!("arn:aws:ecs:us-east-1:123456789012:{of}")
}

/// The answer to `DescribeServices` while a deployment is in a state (Amazon ECS API Reference,
/// `Deployment`: `rolloutState`, `rolloutStateReason`, `failedTasks`).
pub fn rollout(state: &str, why: &str, running: u32, failed: u32) -> String {
    let definition = arn("task-definition/web:13");
    json!({ "failures": [], "services": [{
        "serviceName": "web", "clusterArn": arn("cluster/shop"), "status": "ACTIVE",
        "serviceArn": arn("service/shop/web"), "launchType": "FARGATE",
        "desiredCount": 2, "runningCount": running, "pendingCount": 2 - running,
        "taskDefinition": definition,
        "deployments": [{
            "id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": definition,
            "desiredCount": 2, "runningCount": running, "pendingCount": 2 - running,
            "failedTasks": failed, "rolloutState": state, "rolloutStateReason": why,
        }],
        "events": [], "loadBalancers": [],
    }]})
    .to_string()
}

/// The answer to `ListTasks`: one that runs, and one that stopped (Amazon ECS API Reference,
/// `ListTasks`: `desiredStatus`).
pub fn tasks(request: &str) -> String {
    let is_stopped = request.contains("STOPPED");
    let id = if is_stopped { "a7ee17a6465404e8" } else { "0f9de17a6465404e" };
    json!({ "taskArns": [arn(&format!("task/shop/{id}"))] }).to_string()
}

/// The answer to `DescribeTasks` (Amazon ECS Developer Guide, "Viewing Amazon ECS stopped task
/// errors": `stoppedReason` of the task, `reason` of the container): those that are asked for.
pub fn described(request: &str) -> String {
    let task = |id: &str, state: &str, more: Value| {
        let mut task = json!({
            "taskArn": arn(&format!("task/shop/{id}")), "lastStatus": state,
            "taskDefinitionArn": arn("task-definition/web:13"),
            "availabilityZone": "us-east-1a", "healthStatus": "UNKNOWN",
        });
        for (key, value) in more.as_object().unwrap() {
            task[key] = value.clone();
        }
        task
    };
    let why = json!({
        "stoppedReason": "Essential container in task exited",
        "containers": [{ "name": "web", "exitCode": 137,
            "reason": "OutOfMemoryError: Container killed due to memory usage" }],
    });
    // One of the definition that is being replaced (Amazon ECS API Reference, `Task`).
    let runs = json!({
        "taskDefinitionArn": arn("task-definition/web:12"), "launchType": "FARGATE",
        "cpu": "1024", "memory": "2048", "containers": [],
    });
    let tasks =
        [task("0f9de17a6465404e", "RUNNING", runs), task("a7ee17a6465404e8", "STOPPED", why)];
    let is_asked = |task: &&Value| request.contains(task["taskArn"].as_str().unwrap());
    let tasks: Vec<&Value> = tasks.iter().filter(is_asked).collect();
    json!({ "tasks": tasks, "failures": [] }).to_string()
}

/// The answer to `DescribeTaskDefinition` (Amazon ECS API Reference, `TaskDefinition`): the older
/// revision takes more, on another architecture.
pub fn definition(request: &str) -> String {
    let is_old = request.contains("web:12");
    let (revision, memory) = if is_old { (12, "2048") } else { (13, "512") };
    let architecture = if is_old { "X86_64" } else { "ARM64" };
    json!({ "taskDefinition": {
        "taskDefinitionArn": arn(&format!("task-definition/web:{revision}")),
        "family": "web", "revision": revision, "cpu": "256", "memory": memory,
        "runtimePlatform": { "cpuArchitecture": architecture, "operatingSystemFamily": "LINUX" },
        "containerDefinitions": [{ "name": "web", "image": "shop/web:4f1c2aa" }],
    }})
    .to_string()
}

/// A product of the price list: attributes, its unit and the price of one.
type Product = (&'static [(&'static str, &'static str)], &'static str, &'static str);

/// Attributes are those of the offer files (AWS Billing User Guide, "Reading the service price
/// list file for an AWS service").
const PRODUCTS: [Product; 7] = [
    (
        &[
            ("servicecode", "AmazonEC2"),
            ("regionCode", "us-east-1"),
            ("usagetype", "BoxUsage:t3.medium"),
            ("operatingSystem", "Linux"),
            ("tenancy", "Shared"),
            ("preInstalledSw", "NA"),
            ("capacitystatus", "Used"),
        ],
        "Hrs",
        "0.0420000000",
    ),
    (
        &[
            ("servicecode", "AmazonEC2"),
            ("regionCode", "us-east-1"),
            ("usagetype", "BoxUsage:t3.medium"),
            ("operatingSystem", "Windows"),
            ("tenancy", "Shared"),
            ("preInstalledSw", "NA"),
            ("capacitystatus", "Used"),
        ],
        "Hrs",
        "0.0600000000",
    ),
    (
        &[
            ("servicecode", "AmazonEC2"),
            ("regionCode", "eu-north-1"),
            ("usagetype", "EUN1-BoxUsage:t3.medium"),
            ("operatingSystem", "Linux"),
            ("tenancy", "Shared"),
            ("preInstalledSw", "NA"),
            ("capacitystatus", "Used"),
        ],
        "Hrs",
        "0.0432000000",
    ),
    (
        &[
            ("servicecode", "AWSELB"),
            ("regionCode", "us-east-1"),
            ("usagetype", "LoadBalancerUsage"),
            ("operation", "LoadBalancing:Application"),
        ],
        "Hrs",
        "0.0230000000",
    ),
    (
        &[
            ("servicecode", "AWSELB"),
            ("regionCode", "us-east-1"),
            ("usagetype", "LoadBalancerUsage"),
            ("operation", "LoadBalancing:Network"),
        ],
        "Hrs",
        "0.0700000000",
    ),
    (
        &[
            ("servicecode", "AmazonEC2"),
            ("regionCode", "eu-north-1"),
            ("usagetype", "EUN1-EBS:VolumeUsage.gp3"),
        ],
        "GB-Mo",
        "0.0836000000",
    ),
    (
        &[
            ("servicecode", "AmazonEC2"),
            ("regionCode", "eu-north-1"),
            ("usagetype", "EUN1-EBS:VolumeUsage.gp3.copy"),
        ],
        "GB-Mo",
        "9.0000000000",
    ),
];

/// The answer to `GetProducts`: what all filters let through, each as a JSON text (AWS Billing and
/// Cost Management API Reference, `GetProducts` and `Filter`: `TERM_MATCH` and `CONTAINS`).
pub fn products(request: &str) -> String {
    let request: Value = serde_json::from_str(request).unwrap();
    let filters = request["Filters"].as_array().unwrap();
    let fits = |product: &&Product| {
        let of = |field: &str| {
            product.0.iter().find(|(name, _)| *name == field).map(|(_, value)| *value)
        };
        of("servicecode") == request["ServiceCode"].as_str()
            && filters.iter().all(|filter| {
                let (value, wanted) =
                    (of(filter["Field"].as_str().unwrap()), filter["Value"].as_str().unwrap());
                match filter["Type"].as_str().unwrap() {
                    "TERM_MATCH" => value == Some(wanted),
                    "CONTAINS" => value.is_some_and(|value| value.contains(wanted)),
                    other => panic!("the fake does not know the filter {other}"),
                }
            })
    };
    let text = |product: &Product| {
        let attributes: Value =
            product.0.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "product": { "sku": "A", "attributes": attributes },
            "publicationDate": "2026-11-20T00:00:00Z",
            "terms": { "OnDemand": { "A.JRTCKXETXF": {
                "effectiveDate": "2026-11-01T00:00:00Z",
                "priceDimensions": { "A.JRTCKXETXF.6YS6EN2CT7": {
                    "unit": product.1, "beginRange": "0", "endRange": "Inf",
                    "pricePerUnit": { "USD": product.2 },
                }},
            }}},
        })
        .to_string()
    };
    let list: Vec<String> = PRODUCTS.iter().filter(fits).map(text).collect();
    json!({ "FormatVersion": "aws_v1", "PriceList": list }).to_string()
}
