"""A small team's account, on whatever AWS_ENDPOINT_URL names, in the region that AWS_REGION names."""

import datetime
import json
import os
import sys
import urllib.request

import boto3

REGION = os.environ.get("AWS_REGION", "us-east-1")
ec2 = boto3.client("ec2", region_name=REGION)
elb = boto3.client("elbv2", region_name=REGION)


def name(of, extra=()):
    tags = [{"Key": "Name", "Value": of}]
    return tags + [{"Key": key, "Value": value} for key, value in extra]


def run(called, kind, subnet, ip, tags, public=False):
    answer = ec2.run_instances(
        ImageId="ami-1e749f67",
        InstanceType=kind,
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[
            {
                "DeviceIndex": 0,
                "SubnetId": subnet,
                "PrivateIpAddress": ip,
                "AssociatePublicIpAddress": public,
            }
        ],
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3"}}
        ],
        TagSpecifications=[{"ResourceType": "instance", "Tags": name(called, tags)}],
    )
    return answer["Instances"][0]["InstanceId"]


def fill(targets):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/20", AvailabilityZone=f"{REGION}{z}")[
            "Subnet"
        ]["SubnetId"]
        for n, z in [(0, "a"), (16, "b")]
    ]
    own = [("app", "shop"), ("env", "production")]
    web = [
        run(f"web-{n}", "t3.medium", subnets[n % 2], f"10.0.{n % 2 * 16 + n // 400}.{n // 2 % 200 + 11}", own, n == 0)
        for n in range(targets)
    ]
    worker = run("worker", "c7g.large", subnets[0], "10.0.15.250", own)
    odd = run("odd", "x1e.32xlarge", subnets[0], "10.0.15.251", own)
    qa = run("qa", "t3.small", subnets[0], "10.0.15.252", [("app", "shop"), ("env", "qa")])
    balancer = elb.create_load_balancer(
        Name="shop",
        Subnets=subnets,
        Scheme="internet-facing",
        Type="application",
        Tags=[{"Key": key, "Value": value} for key, value in own],
    )["LoadBalancers"][0]["LoadBalancerArn"]
    groups = {}
    for called, path in [("shop-web", "/up"), ("shop-admin", "/admin/up")]:
        groups[called] = elb.create_target_group(
            Name=called,
            Protocol="HTTP",
            Port=8080,
            VpcId=vpc,
            HealthCheckPath=path,
            Matcher={"HttpCode": "200-299"},
            TargetType="instance",
        )["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=groups["shop-web"], Targets=[{"Id": id} for id in web])
    elb.register_targets(TargetGroupArn=groups["shop-admin"], Targets=[{"Id": worker}])
    ec2.stop_instances(InstanceIds=[worker])
    listener = elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": groups["shop-web"]}],
    )["Listeners"][0]["ListenerArn"]
    elb.create_rule(
        ListenerArn=listener,
        Priority=10,
        Conditions=[
            {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/admin/*"]}},
            {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        ],
        Actions=[{"Type": "forward", "TargetGroupArn": groups["shop-admin"]}],
    )
    elb.create_rule(
        ListenerArn=listener,
        Priority=20,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/old/*"]}}],
        Actions=[
            {
                "Type": "redirect",
                "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
            }
        ],
    )
    elb.create_rule(
        ListenerArn=listener,
        Priority=30,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/admin/*"]}}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}],
    )
    ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=100, VolumeType="gp3")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.allocate_address(Domain="vpc")
    gateway = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]
    print(
        json.dumps(
            {
                "web": web,
                "worker": worker,
                "odd": odd,
                "qa": qa,
                "gateway": gateway["NatGatewayId"],
            }
        )
    )


def rename(id, called):
    ec2.create_tags(Resources=[id], Tags=name(called))
    print("{}")


def tagged():
    """ECS services without tasks, one of them with the shop's tags."""
    ecs = boto3.client("ecs", region_name=REGION)
    ecs.create_cluster(clusterName="shop")
    container = {"name": "web", "image": "shop/web:1", "memory": 64}
    ecs.register_task_definition(family="web", containerDefinitions=[container])
    for called, env in [("web", "production"), ("other", "qa")]:
        ecs.create_service(
            cluster="shop",
            serviceName=called,
            taskDefinition="web",
            desiredCount=1,
            tags=[{"key": "app", "value": "shop"}, {"key": "env", "value": env}],
        )
    print("{}")


def delete(service):
    """Deletes a service of ECS, of which ECS tells for a while."""
    ecs = boto3.client("ecs", region_name=REGION)
    ecs.delete_service(cluster="shop", service=service, force=True)
    print("{}")


def services(image):
    """A cluster whose service runs two tasks of an image that this machine's Docker has."""
    ecs = boto3.client("ecs", region_name=REGION)
    ecs.create_cluster(clusterName="shop")
    definition = ecs.register_task_definition(
        family="worker",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        containerDefinitions=[
            {"name": "worker", "image": image, "command": ["/bin/sleep", "600"], "essential": True}
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster="shop",
        serviceName="worker",
        taskDefinition=definition,
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )
    print(json.dumps({"definition": definition}))


def stop():
    """Stops the service's tasks."""
    ecs = boto3.client("ecs", region_name=REGION)
    ecs.update_service(cluster="shop", service="worker", desiredCount=0)
    ecs.delete_service(cluster="shop", service="worker", force=True)
    print("{}")


def unlisten():
    """Deletes the shop's listener and its target groups."""
    balancer = elb.describe_load_balancers(Names=["shop"])["LoadBalancers"][0]["LoadBalancerArn"]
    for one in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]:
        elb.delete_listener(ListenerArn=one["ListenerArn"])
    for one in elb.describe_target_groups(Names=["shop-web", "shop-admin"])["TargetGroups"]:
        elb.delete_target_group(TargetGroupArn=one["TargetGroupArn"])
    print(json.dumps({"balancer": balancer}))


def refuse(balancer):
    """A listener that refuses everything."""
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[fixed]
    )
    print("{}")


def crowd(count):
    """More hosts, and more target groups, than fit on a page of AWS's answers."""
    ec2.run_instances(
        ImageId="ami-1e749f67",
        InstanceType="t3.nano",
        MinCount=count,
        MaxCount=count,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "app", "Value": "crowd"}]}
        ],
    )
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    for place in range(401):
        elb.create_target_group(Name=f"crowd-{place}", Protocol="HTTP", Port=80, VpcId=vpc)
    print("{}")


def policy(text):
    """A user who may do what a policy says and nothing else: from then on moto asks everybody."""
    iam = boto3.client("iam", region_name=REGION)
    iam.create_user(UserName="watch")
    iam.put_user_policy(UserName="watch", PolicyName="watch", PolicyDocument=text)
    key = iam.create_access_key(UserName="watch")["AccessKey"]
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    plain = {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", b"0", plain)
    urllib.request.urlopen(request).read()
    print(json.dumps({"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}))


def measure(balancer, group, gateway):
    """What a load balancer and a target group, by the ends of their ARNs, a NAT gateway and a
    bucket measured lately."""
    cloudwatch = boto3.client("cloudwatch", region_name=REGION)
    now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)

    def put(namespace, dimensions, ago, values):
        dimensions = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        at = now - datetime.timedelta(minutes=ago)
        data = [
            {"MetricName": metric, "Dimensions": dimensions, "Timestamp": at, "Value": value}
            for metric, value in values.items()
        ]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    for ago in range(1, 6):
        values = {
            "RequestCount": 1200.0,
            "TargetResponseTime": 0.025,
            "HTTPCode_Target_5XX_Count": 3.0,
            "ConsumedLCUs": 0.5,
        }
        put("AWS/ApplicationELB", {"LoadBalancer": balancer}, ago, values)
        of = {"LoadBalancer": balancer, "TargetGroup": group}
        put("AWS/ApplicationELB", of, ago, {"HealthyHostCount": 1.0})
    for ago in (12, 24):
        values = {"BytesInFromSource": 2.0**30, "BytesInFromDestination": 2.0**30}
        put("AWS/NATGateway", {"NatGatewayId": gateway}, ago, values)
        values = {"PutRequests": 500.0, "GetRequests": 5000.0, "BytesDownloaded": 2.0**30}
        put("AWS/S3", {"BucketName": "shop-media", "FilterId": "EntireBucket"}, ago, values)
    for days, size in ((2, 1.0), (1, 730.0)):
        of = {"BucketName": "shop-media", "StorageType": "StandardStorage"}
        put("AWS/S3", of, days * 1440, {"BucketSizeBytes": size * 2**30})
    print("{}")


if sys.argv[1] == "fill":
    fill(int(sys.argv[2]))
elif sys.argv[1] == "services":
    services(sys.argv[2])
elif sys.argv[1] == "measure":
    measure(*sys.argv[2:])
elif sys.argv[1] == "crowd":
    crowd(int(sys.argv[2]))
elif sys.argv[1] == "policy":
    policy(sys.argv[2])
elif sys.argv[1] == "rename":
    rename(*sys.argv[2:])
elif sys.argv[1] == "tagged":
    tagged()
elif sys.argv[1] == "halt":
    ec2.stop_instances(InstanceIds=[sys.argv[2]])
    print("{}")
elif sys.argv[1] == "delete":
    delete(sys.argv[2])
elif sys.argv[1] == "unlisten":
    unlisten()
elif sys.argv[1] == "refuse":
    refuse(sys.argv[2])
elif sys.argv[1] == "stop":
    stop()
