//! What is asked of AWS, by the names that policies use, and the least policy that allows it.

/// An action, as policies name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Action(&'static str);

macro_rules! actions {
    ($($name:ident $text:literal,)*) => {
        $(#[doc = concat!("`", $text, "`.")] pub const $name: Action = Action($text);)*

        /// All that is ever asked.
        pub const ALL: &[Action] = &[$($name,)*];
    };
}

actions! {
    GET_CALLER_IDENTITY "sts:GetCallerIdentity",
    DESCRIBE_INSTANCES "ec2:DescribeInstances",
    DESCRIBE_INSTANCE_STATUS "ec2:DescribeInstanceStatus",
    DESCRIBE_VOLUMES "ec2:DescribeVolumes",
    DESCRIBE_ADDRESSES "ec2:DescribeAddresses",
    DESCRIBE_NAT_GATEWAYS "ec2:DescribeNatGateways",
    DESCRIBE_LOAD_BALANCERS "elasticloadbalancing:DescribeLoadBalancers",
    DESCRIBE_LISTENERS "elasticloadbalancing:DescribeListeners",
    DESCRIBE_RULES "elasticloadbalancing:DescribeRules",
    DESCRIBE_TARGET_GROUPS "elasticloadbalancing:DescribeTargetGroups",
    DESCRIBE_TARGET_HEALTH "elasticloadbalancing:DescribeTargetHealth",
    DESCRIBE_TAGS "elasticloadbalancing:DescribeTags",
    LIST_CLUSTERS "ecs:ListClusters",
    LIST_SERVICES "ecs:ListServices",
    DESCRIBE_SERVICES "ecs:DescribeServices",
    LIST_TASKS "ecs:ListTasks",
    DESCRIBE_TASKS "ecs:DescribeTasks",
    DESCRIBE_TASK_DEFINITION "ecs:DescribeTaskDefinition",
    GET_METRIC_DATA "cloudwatch:GetMetricData",
    GET_PRODUCTS "pricing:GetProducts",
}

/// How a role is taken on, before anything is asked. The role's own trust allows it, to whoever
/// takes it on, and so it is no part of the policy that the role has.
pub const ASSUME_ROLE: &str = "sts:AssumeRole";

impl Action {
    /// Its name.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// Whether every identity may do it anyway, so that no policy needs to allow it
    /// (AWS STS API Reference, `GetCallerIdentity`).
    fn is_free(self) -> bool {
        self == GET_CALLER_IDENTITY
    }
}

/// The least policy that lets everything be watched. None of its actions changes anything, and
/// none of them can be limited to resources (AWS Service Authorization Reference), but for those
/// of ECS, which are left open because clusters come and go.
pub fn policy() -> String {
    let needed = ALL.iter().filter(|action| !action.is_free());
    let actions: Vec<String> = needed.map(|action| format!("        \"{}\"", action.0)).collect();
    format!(
        "{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {{\n      \"Sid\": \
         \"PilothouseWatch\",\n      \"Effect\": \"Allow\",\n      \"Action\": [\n{}\n      ],\n      \
         \"Resource\": \"*\"\n    }}\n  ]\n}}\n",
        actions.join(",\n")
    )
}
