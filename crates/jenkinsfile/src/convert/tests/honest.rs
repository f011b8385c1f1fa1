//! What a run would do otherwise than Jenkins, and does not.

use super::{converted, running, with_steps};

#[test]
fn what_the_name_of_the_branch_lacks_is_said() {
    let told = "# GIT_BRANCH is the name of the branch alone, without origin/.\n";
    assert!(with_steps("", "sh 'make $GIT_BRANCH'").contains(told));
    assert!(!with_steps("", "sh 'make $GIT_COMMIT'").contains(told));
}

#[test]
fn a_secret_gives_no_user_and_no_password() {
    for step in [
        "sh 'login -u $REG_USR'",
        "sh 'login -p ${REG_PSW}'",
        "sh \"login ${REG_USR}\"",
        "sh \"login \\$REG_PSW\"",
        "echo \"${env.REG_PSW}\"",
        "withEnv([\"A=${REG_USR}\"]) { sh 'login' }",
    ] {
        let text = converted(&format!(
            "pipeline {{ agent any\n environment {{ REG_USR = 'joe' }}\n stages {{ stage('a') {{\n \
             environment {{ REG = credentials('reg') }}\nsteps {{\n{step}\nsh 'make' }} }} }} }}"
        ));
        assert_eq!(running(&text).trim(), "", "{step}: {text}");
    }
}

#[test]
fn a_script_that_leaves_a_process_behind_is_left() {
    for script in [
        "node app.js &",
        "mvn spring-boot:run&",
        "python3 -m http.server & sleep 1",
        "a & b & wait $!",
        "(a; b) > log 2>&1 & echo ok",
        "bash -c \"server &\"",
        "setsid server",
        "BUILD_ID=dontKillMe /opt/tomcat/bin/startup.sh",
        "export JENKINS_NODE_COOKIE=dontKillMe\n./bin/startup.sh",
        "screen -dmS app ./server",
        "tmux new-session -d ./server",
        "daemonize /usr/bin/app",
        "/sbin/start-stop-daemon --start -b -x /usr/bin/app",
        "pm2 start app.js",
        "gunicorn --daemon app:app",
        "./venv/bin/gunicorn -D app:app",
        "redis-server --daemonize yes",
        "mongod --fork --logpath x",
        "sudo service nginx start",
        "/etc/init.d/tomcat start",
        "bash -c \"npm start & sleep 10; npm test\"",
        "PID=\"$(java -jar app.jar >/dev/null & echo $!)\"",
        "cat >a <<EOF\nit\\'s\nEOF\nserver & sleep 5",
        "eval `ssh-agent -s`",
        "su app -c \"pm2 start app.js\"",
        "cd app&&pm2 start x",
        "(server &)\nwait",
        "server &\nif false\nthen\nwait\nfi",
        "docker pull x && redis-server --daemonize yes",
        "rabbitmq-server -detached",
        "#!/bin/bash\t-e\nserver &",
        "#!/usr/bin/env -S bash -e\nserver &",
        "#!/usr/bin/python3\nos.environ[\"JENKINS_NODE_COOKIE\"] = \"dontKillMe\"",
        "start-stop-daemon --start \\\\\n -b -x app",
        "elasticsearch -d",
        "php-fpm -D",
        "bin/zkServer.sh start",
        "httpd -k start",
        "caddy start",
        "vncserver :1",
        "cockroach start --background",
        "mvn -B spring-boot:start",
        "echo ./server | at now",
        "nginx",
        "sudo nginx -c a.conf",
        "cat >a <<-\"E\"\nit\\'s\n\tE\n./server&",
        "bash <<E\n./server&\nE",
        "a & exit 0; wait",
    ] {
        let text = with_steps("", &format!("sh '''{script}'''"));
        assert!(text.contains("line 5: sh: it may leave a process in the background"), "{text}");
        assert_eq!(running(&text).trim(), "", "{script}: {text}");
    }
}

#[test]
fn who_waits_for_a_process_is_the_shell_that_left_it() {
    for script in [
        "bash -c \"x&\"",
        "bash -c \"x&\"\nwait",
        "sh -c \"x & y\" ; wait",
        "sudo -u app bash -c \"x & disown\"",
        "x & disown",
        "sudo setsid x",
        "nohup x & wait | cat",
        "x & if a; then wait; fi",
        "x & while a; do\nwait\ndone",
        "x & y || wait",
        "x & y & wait $!",
        "x & kill -0 $!",
        "x & y & kill $!",
        "/usr/sbin/sshd",
        "postfix start",
        "lighttpd -f a.conf",
        "mysql.server start",
        "pg_ctl -D data -l log start",
        "dockerd &",
        "systemctl restart x",
        "bin/nexus start",
        "./jetty.sh start",
        "redis-server --daemonize=yes",
        "ssh -fN -L 1:h:2 h",
        "ssh -i key -f h x",
        "eval $(gpg-agent --daemon)",
        "echo `x & echo $!`",
        "((i = 1))\nx &",
        "case a in\na) x &;;\nesac",
    ] {
        let text = with_steps("", &format!("sh '''{script}'''"));
        assert!(text.contains("it may leave a process in the background"), "{script}: {text}");
    }
}

#[test]
fn a_script_that_leaves_no_process_is_taken_over() {
    for script in [
        "a && b > log 2>&1",
        "a & b &\nwait",
        "curl \"https://x/?a=1&b=2\" >&2",
        "echo a \\\\& b # c & d",
        "#!/bin/bash\na &> log |& cat",
        "docker run --detach app",
        "./gradlew --daemon test",
        "systemctl status nginx",
        "for x in a b; do run $x & done; wait",
        "rm -f a; ssh host make",
        "test \"$A\" && echo \"a && b\"",
        "kubectl get service\nnpm start",
        "nginx -t",
        "nginx -g \"daemon off;\"",
        "docker run nginx",
        "cat >a <<E\nit\\'s\nE\na & wait",
        "echo $((1 <<A))\nmake",
        "x & PID=$!\nwait $PID",
        "x & y\nkill $!",
        "./server > log 2>&1 &\nPID=$!\nmake test\nkill -9 $PID",
        "(x; y) & z; wait",
        "bash -c \"x & wait\"",
        "setsid --wait x",
        "git checkout --detach main",
        "git worktree add --detach a b",
        "echo \"at now, service x start & --daemon\"",
        "grep -r service start",
        "ssh h \"x & systemctl restart y\"",
        "ssh h rm -f a",
        "ssh h <<E\nx &\nE",
        "docker exec x sh -c \"y &\"",
        "npm start",
        "node app.js",
        "redis-server --daemonize no",
        "sshd -t",
        "case $1 in\nstart) make;;\nesac",
        "echo \"a &\" # x &",
        "cat <<E > a\nx &\nE",
    ] {
        let text = with_steps("", &format!("sh '''{script}'''"));
        assert!(running(&text).contains("run = "), "{script}: {text}");
    }
}

#[test]
fn where_processes_may_live_no_script_runs() {
    for variable in
        ["JENKINS_NODE_COOKIE=dontKillMe", "BUILD_ID=dontKillMe", "JENKINS_NODE_COOKIE="]
    {
        let (name, value) = variable.split_once('=').unwrap();
        let text =
            with_steps("", &format!("withEnv(['{variable}']) {{ sh './start' }}\nsh 'rm 1'"));
        assert_eq!(running(&text).trim(), "", "{variable}: {text}");
        let text = converted(&format!(
            "pipeline {{ agent any\nstages {{ stage('a') {{ environment {{ {name} = '{value}' }}\nsteps \
             {{ sh './start' }} }} }} }}"
        ));
        assert_eq!(running(&text).trim(), "", "{variable}: {text}");
    }
    assert_eq!(running(&with_steps("", "sh 'unset JENKINS_NODE_COOKIE; ./start'")).trim(), "");
}

#[test]
fn nothing_runs_that_names_a_variable_of_jenkins_alone() {
    for name in [
        "RUN_TESTS_DISPLAY_URL",
        "RUN_ARTIFACTS_DISPLAY_URL",
        "RUN_CHANGES_DISPLAY_URL",
        "BUILD_USER",
        "BUILD_USER_EMAIL",
    ] {
        assert_eq!(running(&with_steps("", &format!("sh 'echo ${name}'"))).trim(), "", "{name}");
    }
}

#[test]
fn nothing_runs_behind_an_error_that_is_left() {
    for gate in [
        "stage('g') { when { not { buildingTag() } }\nsteps { error 'no' } }",
        "stage('g') { when { expression { V } }\nsteps { error 'no' } }",
        "stage('g') { steps { lock('x') { error 'no' } } }",
        "stage('g') { steps { timeout(5) { sh 'a'\nsh 'b'\nerror 'no' } } }",
        "stage('g') { steps { echo 'a' }\npost { always { error 'no' } } }",
    ] {
        let text = converted(&format!(
            "pipeline {{ agent any\n stages {{\nstage('a') {{ steps {{ sh 'make' }} }}\n{gate}\n\
             stage('b') {{ steps {{ sh 'rm 1' }} }} }} }}"
        ));
        assert!(running(&text).contains("make"), "{gate}: {text}");
        assert!(!running(&text).contains("rm 1"), "{gate}: {text}");
        assert!(text.contains(", which is left"), "{gate}: {text}");
    }
}

#[test]
fn nothing_runs_without_an_agent() {
    let needing = ["sh 'rm 1'", "writeFile file: 'rm', text: ''", "dir('rm') { echo 'b' }"];
    for step in needing.into_iter().chain(["checkout scm"]) {
        for own in ["", "agent none"] {
            let text = converted(&format!(
                "pipeline {{ agent none\n stages {{\nstage('a') {{ agent any\nsteps {{ sh 'make' }} }}\n\
                 stage('b') {{ {own}\nsteps {{ echo 'a'\n{step} }} }}\nstage('c') {{ agent any\n\
                 steps {{ sh 'rm 2' }} }} }} }}"
            ));
            let run = running(&text);
            assert!(run.contains("make") && run.contains("' a"), "{step}: {text}");
            assert!(!run.contains("rm"), "{step}: {text}");
            assert!(text.contains("it has no agent, so Jenkins fails there"), "{step}: {text}");
        }
    }
    let text = converted(
        "pipeline { agent none\n stages { stage('a') { steps { echo 'c'\nnode('b') { sh 'make' } } } \
         } }",
    );
    assert!(!text.contains("no agent") && running(&text).contains("printf"), "{text}");
}

#[test]
fn a_long_sleep_has_the_time_for_it() {
    for (step, wanted) in [
        ("sleep 1740", None),
        ("sleep 3600", Some("61m")),
        ("sleep(time: 90, unit: 'MINUTES')", Some("91m")),
        ("timeout(time: 40, unit: 'MINUTES') { sleep 3600 }", Some("40m")),
    ] {
        let text = with_steps("", step);
        assert!(running(&text).contains("run = \"sleep"), "{step}: {text}");
        let found = text.lines().find_map(|line| line.strip_prefix("timeout = "));
        assert_eq!(found.map(|found| found.trim_matches('"')), wanted, "{step}: {text}");
    }
    assert_eq!(running(&with_steps("", "sleep(time: 8, unit: 'DAYS')")).trim(), "");
}

#[test]
fn what_is_not_unstashed_is_not_used() {
    let text = with_steps("", "dir('a') { unstash 'a' }\nsh 'ship 1'");
    assert!(!running(&text).contains("ship"), "{text}");
    let text = converted(
        "pipeline { agent any\n stages { stage('a') { steps {\nsh 'make'\nstash 'a'\nsh 'make debug' } }\n\
         stage('b') { steps { echo 'b'\nunstash 'a'\nsh 'ship 1'\necho 'c' } }\nstage('c') { steps \
         { sh 'test' } } } }",
    );
    assert!(running(&text).contains("make debug") && !running(&text).contains("test"), "{text}");
    assert!(!running(&text).contains("ship") && !running(&text).contains("n' c"), "{text}");
    assert!(text.contains("what follows: behind the unstash of line 7"), "{text}");
}

#[test]
fn what_a_run_does_not_hold_to_is_said() {
    let text = converted(
        "pipeline { agent any\n options { disableConcurrentBuilds() }\n stages { stage('a') { steps {\n\
         stash 'a'\nsh 'make'\nmilestone 1\nunstash 'a' } } } }",
    );
    for part in [
        "line 2: option disableConcurrentBuilds: runs of one branch may overlap",
        "line 4: stash: ",
        "line 7: unstash: ",
        "line 6: milestone: ",
    ] {
        assert!(text.contains(&format!("# not yet, {part}")), "{part}: {text}");
    }
    assert!(running(&text).contains("make"), "{text}");
}

#[test]
fn nothing_stands_on_what_is_left() {
    for left in [
        "retry(2) { sh 'test' }",
        "script { sh 'test'; x() }",
        "withCredentials([string(credentialsId: 'a', variable: 'B')]) { sh 'test' }",
        "container('a') { sh 'test' }",
        "git url: 'https://example.org/other.git'",
        "checkout([$class: 'GitSCM'])",
        "dir('out') { git 'https://example.org/other.git' }",
        "copyArtifacts projectName: 'a'",
        "unzip zipFile: 'a'",
        "unstash 'a'",
        "writeFile file: 'a', text: params.X",
        "writeJSON file: 'a', json: V",
        "milestone 1",
        "build 'a'",
        "ourOwn 'a'",
        "sh V",
    ] {
        let text = converted(&format!(
            "pipeline {{ agent any\n stages {{\nstage('a') {{ steps {{ sh 'make' }} }}\nstage('b') {{ \
             steps {{\n{left}\n}} }}\nstage('c') {{ agent any\nsteps {{ sh './deploy.sh' }} }} }} }}"
        ));
        assert!(running(&text).contains("make"), "{left}: {text}");
        assert!(!running(&text).contains("deploy"), "{left}: {text}");
        assert!(text.contains("stage c: behind the "), "{left}: {text}");
    }
    for stage in [
        "stage('b') { agent { dockerfile true }\nsteps { sh 'test' } }",
        "stage('b') { when { expression { V } }\nsteps { sh 'test' } }",
        "stage('b') { when { expression { sh(script: 'test', returnStatus: true) } }\nsteps { echo 'a' } }",
        "stage('b') { matrix { axes { axis { name 'OS'; values 'a' } }\nstages { stage('d') { steps { \
         sh 'test' } } } } }",
        "stage('b') { steps { echo 'a' }\npost { always { cleanWs() } } }",
        "stage('b') { environment { A = sh(script: 'test', returnStdout: true) }\nsteps { echo 'a' } }",
        "stage('b') { input { message 'a' }\nsteps { echo 'a' } }",
    ] {
        let text = converted(&format!(
            "pipeline {{ agent any\n stages {{\nstage('a') {{ steps {{ sh 'make' }} }}\n{stage}\n\
             stage('c') {{ steps {{ sh './deploy.sh' }} }} }} }}"
        ));
        assert!(running(&text).contains("make"), "{stage}: {text}");
        assert!(!running(&text).contains("deploy"), "{stage}: {text}");
    }
    for stage in [
        "stage('b') { steps { junit 'a'\narchiveArtifacts 'b'\nslackSend 'c'\nmail to: 'd', subject: \
         'e', body: 'f'\npublishHTML(target: [:]) } }",
        "stage('b') { when { buildingTag() }\nsteps { echo 'a' } }",
        "stage('b') { steps { sh 'test' }\npost { always { junit 'a' }\nfailure { sh 'rm 1' } } }",
    ] {
        let text = converted(&format!(
            "pipeline {{ agent any\n stages {{\n{stage}\nstage('c') {{ steps {{ sh './deploy.sh' }} }} }} }}"
        ));
        assert!(running(&text).contains("deploy"), "{stage}: {text}");
    }
}

#[test]
fn what_runs_beside_each_other_does_not_stand_on_each_other() {
    let text = converted(
        "pipeline { agent any\n stages {\nstage('a') { parallel {\nstage('b') { steps { retry(2) { sh \
         'one' } } }\nstage('c') { steps { sh 'two' } } } }\nstage('d') { steps { sh 'three' } } } }",
    );
    assert!(running(&text).contains("two"), "{text}");
    assert!(!running(&text).contains("three"), "{text}");
    assert!(text.contains("stage d: behind the retry of line 4, which is left"), "{text}");
}
