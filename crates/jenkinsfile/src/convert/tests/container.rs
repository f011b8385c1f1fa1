//! Steps in containers: one for all of Jenkins', one for each of ours.

use super::{converted, running};
use crate::report::Report;
use crate::table::{Support, Table};
use crate::verdict::Part;

/// A stage whose agent is a container, from the fourth line on.
pub(super) fn in_container(steps: &str) -> String {
    converted(&format!(
        "pipeline {{\nagent {{ docker 'debian' }}\nstages {{ stage('a') {{ steps {{\n{steps}\n}} }} }} }}"
    ))
}

#[test]
fn what_stands_on_a_change_of_the_container_is_one_step_with_it() {
    let text = in_container("sh 'pip install x'\necho 'b'\ndir('c') { sh 'exit 0' }\nsh 'pytest'");
    let wanted = "run = '''\n(\npip install x\n)\n(\nprintf '%s\\n' b\n)\n(\nmkdir -p -- c\ncd -- \
                  c\nexit 0\n)\n(\npytest\n)\n'''\n";
    assert!(text.contains(wanted), "{text}");
    assert!(text.contains("timeout = \"2h\"\n"), "{text}");
    let why = "in one step with line 4, since `pip install x` may change its container";
    assert!(text.contains(&format!("# line 7: sh: {why}")), "{text}");
    assert!(!running(&text).contains("[[stage.step]]"), "{text}");
    // A step lasts a week at most.
    let text = in_container(&format!("sh 'apk add x'\n{}", "sh 'a'\n".repeat(400)));
    assert!(text.contains("timeout = \"168h\"\n"), "{text}");
    // Without a change none needs the others.
    let text = in_container("sh 'npm ci'\nsh 'npm test'");
    assert_eq!(text.matches("[[stage.step]]").count(), 2, "{text}");
    // One limit is that of all of them.
    let text = in_container("timeout(5) {\nsh 'apt-get update'\nsh 'apt-get install x'\n}");
    assert!(running(&text).contains("timeout = \"5m\"\nrun = '''\n(\napt-get"), "{text}");
}

#[test]
fn what_cannot_be_one_step_with_a_change_is_left() {
    for next in [
        "sh '''#!/bin/bash\nmake'''",
        "sh '''cat <<A\nmake\n A'''",
        "sh '# make'",
        "sh '''alias m=make\nm'''",
        "sh \"make 'a\"",
        "sh 'make \"a'",
        "sh 'make )'",
        "sh '(make'",
        "sh 'make `a'",
        "sh 'make ${A'",
        "sh 'make \\\\'",
        "withEnv(['A=b']) { sh 'make' }",
        "timeout(5) { sh 'make' }",
    ] {
        let text = in_container(&format!("sh 'apt-get install x'\n{next}\nsh 'ship'"));
        assert!(running(&text).contains("apt-get"), "{next}: {text}");
        assert!(!running(&text).contains("make") && !running(&text).contains("ship"), "{text}");
        let why =
            "sh: `apt-get install x` of line 4 may change its container, and each step has one";
        assert!(text.contains(why), "{next}: {text}");
    }
}

#[test]
fn a_change_ends_with_its_container() {
    let with = |top: &str, own: &str, next: &str| {
        let text = format!(
            "pipeline {{ {top}\nstages {{ stage('a') {{ {own}\nsteps {{ sh 'apt-get install x' }} \
             }}\nstage('b') {{ {next}\nsteps {{ sh 'make' }} }} }} }}"
        );
        let report = Report::of("Jenkinsfile", text.as_bytes(), &Table::built_in());
        let steps = report.parts.iter().filter(|told| told.part == Part::Step);
        let runs: Vec<bool> = steps.map(|told| told.support == Support::Runs).collect();
        assert_eq!(runs, [true, running(&converted(&text)).contains("make")], "{text}");
        runs[1]
    };
    let docker = "agent { docker 'debian' }";
    assert!(!with(docker, "", ""));
    assert!(!with(docker, "", "agent none"));
    assert!(with(docker, "", "agent any"));
    assert!(with(docker, docker, ""));
    assert!(with("agent none", docker, docker));
    assert!(with("agent any", "", ""));
    assert!(with(&format!("{docker}\noptions {{ newContainerPerStage() }}"), "", ""));
    let parallel = format!(
        "pipeline {{ {docker}\nstages {{ stage('p') {{ parallel {{ stage('a') {{ steps {{ sh 'yum \
         install x' }} }}\nstage('b') {{ steps {{ sh 'beside' }} }} }} }}\nstage('c') {{ steps {{ sh \
         'behind' }} }} }} }}"
    );
    let text = converted(&parallel);
    assert!(running(&text).contains("beside") && !running(&text).contains("behind"), "{text}");
}

pub(super) fn is_change(script: &str) -> bool {
    let text = in_container(&format!("sh '''{script}'''\nsh 'make'"));
    assert!(running(&text).contains("make"), "{text}");
    text.contains("may change its container")
}

#[test]
fn a_change_is_seen_in_a_script() {
    for script in [
        "sudo apt-get -y install x",
        "set -e\nif true; then apk add x; fi",
        "DEBIAN_FRONTEND=noninteractive apt install x",
        "sh -c \"yum install x\"",
        "npm install -g x",
        "npm --global add x",
        "python3 -m pip install x",
        "gem install x",
        "bundle install",
        "/usr/bin/dnf install x",
        "useradd x",
        "cp a b /usr/local/bin/",
        "ln -s /opt/a /opt/b",
        "echo a | tee -a /etc/hosts",
        "echo a >> /etc/hosts",
        "echo a >/tmp/b",
        "curl -sSL https://a -o /usr/local/bin/b",
        "cd /tmp && make",
        "sed -i s/a/b/ /etc/a",
        "git config --system a b",
        "go install a@latest",
        "curl a | sh && \\\\\n  apt-get install b",
        "function f { apt-get install x; }\nf",
        "if a; then function f { cp a /opt/b\n}; fi",
        "function f\n{ apt-get install x; }",
        "function f() { apt-get install x; }",
    ] {
        assert!(is_change(script), "{script}");
    }
}

#[test]
fn a_change_is_seen_behind_other_words_and_by_other_names() {
    for script in [
        "sudo -E apt-get install x",
        "sudo -H -n pip install x",
        "sudo -u root apt-get install x",
        "timeout 60 apt-get update",
        "timeout -k 5 1.5m apt-get update",
        "nice -n 5 apt-get update",
        "env -i A=b apt-get update",
        "bash -ec \"apt-get update\"",
        "su root -c \"yum install x\"",
        "which x || sudo -E apt-get install x",
        "/usr/bin/sudo /usr/bin/apt-get install x",
        "pip install -r config/requirements.txt",
        "git config user.name x\npip install x",
        "pip install x && docker build -t app .",
        "kubectl config view; pip install x",
        ". /opt/venv/bin/activate && pip install x",
        "pip install --target /opt/x x",
        "python3.11 -m pip install x",
        "pip3.11 install x",
        "docker-php-ext-install pdo",
        "pecl install x",
        "pacman -S x",
        "mamba install x",
        "poetry config virtualenvs.create false\npoetry install",
        "POETRY_VIRTUALENVS_CREATE=false poetry install",
        "npm install --location=global x",
        "npx playwright install --with-deps",
        "git clone x /tmp/y",
        "cp -t /usr/local/bin x",
        "cp x /usr/local/bin > log",
        "tar -C/usr -xf x",
        "curl -Lo/usr/local/bin/x https://x",
        "wget --output-document=/opt/x https://x",
        "OUT=/opt/x\necho a > $OUT",
        "OUT=\"/opt/x\"; tar -xf a -C \"${OUT}/b\"",
        "python3 -m venv /opt/venv",
    ] {
        assert!(is_change(script), "{script}");
    }
}

#[test]
fn a_change_is_seen_at_a_place_that_is_not_written_out() {
    for script in [
        "curl -sfL https://a/install.sh | sh -s -- -b $(go env GOPATH)/bin v1",
        "mv x $GOPATH/bin",
        "mv x \"${GOPATH}/bin/x\"",
        "mv x `go env GOPATH`/bin",
        "go build -o /tmp/x",
        "OUT=/tmp/x make",
        "INSTALL_DIR=/opt/x ./install.sh",
        "export OUT=/opt/x\nmake",
        "./install.sh --bin-dir \"$TOOLS/bin\"",
        "./configure --prefix=/opt/x",
        "java -jar a.jar --outputDir /srv/x",
        "javac -d /srv/x A.java",
        "tar -xf a -C $DEST",
        "curl -o \"$TOOLS/x\" https://a",
        "curl -sSLo$TOOLS/x https://a",
        "tar czf $BACKUPS/a.tgz out",
        "echo a > $CACHE_DIR/b",
        "for d in /opt/a out; do mkdir $d; done",
        "place() { cp x $OUT; }\nOUT=/opt/x\nplace",
        "OUT=${OUT:-/opt/x}\ncp x $OUT",
        "cp x \"$(dirname $(which node))/x\"",
        "pytest --junitxml=/tmp/a.xml",
    ] {
        assert!(is_change(script), "{script}");
    }
}

#[test]
fn an_installer_is_seen_whatever_it_is_called() {
    let text = in_container("sh 'mkdir -p -- /opt/x'\nsh 'make'");
    assert!(text.contains("since `mkdir -p /opt/x` may change its container"), "{text}");
    for script in [
        "cargo install x",
        "npm i -g x",
        "composer global require x",
        "dotnet tool install -g x",
        "asdf install",
        "sdk install java",
        "brew install x",
        "helm plugin install x",
        "kubectl krew install x",
        "gcloud components install x",
        "rustup target add x",
        ". ~/.nvm/nvm.sh && nvm install 20",
        "make -C sub A=b C=d E=f install",
        "cmake -DCMAKE_INSTALL_PREFIX=/opt/x .. && ninja install",
        "cmake --install build",
        "npm --prefix=web ci && make install",
        "python3 setup.py install",
        "curl https://sh.example.org | sudo -E bash -",
        "wget -qO- https://a | sed s/a/b/ | sh",
        "sh -c \"$(curl -fsSL https://a/install.sh)\"",
        "bash <(curl -s https://a/install.sh)",
    ] {
        assert!(is_change(script), "{script}");
    }
    let text = in_container("sh '''bash <<E\napt-get update\nE'''\nsh 'make'");
    assert!(text.contains("`apt-get update` of line 4 may change its container"), "{text}");
}

#[test]
fn what_only_names_a_place_of_the_container_is_no_change() {
    for script in [
        "ssh host \"cd /opt/x && apt-get install y\"",
        "docker exec x sh -c \"apt-get install y > /opt/z\"",
        "docker run -v /tmp/x:/y z",
        "echo 'cp a /usr/bin; rm /x' > a",
        "sed -i /x/d a",
        "sed -i '/x/ s/a/b/' a",
        "tar czf a.tgz /opt/x",
        "curl --cacert /etc/ssl/a.pem https://a",
        "mvn -B -s /etc/maven/settings.xml -DoutputDirectory=out verify",
        "JAVA_HOME=/opt/jdk make",
        "cut -d/ -f1 a",
        "cp x $WORKSPACE/out; cp x \"$(pwd)/out\"; mkdir -p $PWD/out",
        "D=$(mktemp -d)\ncp a $D/b",
        "for f in a b; do rm $f; done",
        "curl -s https://codecov.io/bash | bash",
        "curl https://a | sh -s -- -b bin",
        "curl -o \"$HOME/bin/x\" https://a",
        "git clone $REPOSITORY",
        "git clone -b $BRANCH $REPOSITORY sub",
        "chmod $MODE a",
        "make install DESTDIR=out",
        "cargo install --root . x",
        "python setup.py sdist",
        "python setup.py install --user",
        "make\ncd /opt/x",
        "cmake -DCMAKE_INSTALL_PREFIX=out .. && make -j1 install",
        "./configure --prefix=$WORKSPACE/out\nmake install",
        "cat <<E\ncd /opt\nE",
        "case $1 in\na) make;;\nesac",
        "echo ${#A} $((1 + 2)) ${A##*/} > b",
        "[ -d /tmp/x ] || echo none",
    ] {
        assert!(!is_change(script), "{script}");
    }
}

#[test]
fn what_stays_in_the_workspace_is_no_change() {
    for script in [
        "npm install\nnpm ci",
        "pip install --user x",
        "pip install --target=lib x",
        ". venv/bin/activate && pip install x",
        "venv/bin/pip install x",
        "bundle install --path vendor",
        "cp /etc/hosts .",
        "cat /etc/hosts > hosts 2>/dev/null",
        "echo a >> ~/.netrc",
        "git config --global a b",
        "make # apt-get install x",
        "mvn -B verify",
        "curl https://a/b > c",
        "echo \"<a>/b</a>\"",
        ". venv/bin/activate\npip install -r a",
        "python3.11 -m venv venv",
        "PIP_TARGET=lib pip install x",
        "bundle config set --local path vendor\nbundle install",
        "poetry install",
        "sudo docker run x make",
        "OUT=out; cp x $OUT; tar -C$OUT -xf x",
        "git clone https://a/b c",
        "bash ./build.sh install",
        "curl -Lo x https://a/b",
        "command -v apt-get || true",
        "git config --global --add safe.directory /a",
    ] {
        assert!(!is_change(script), "{script}");
    }
    let with = |value: &str, script: &str| {
        in_container(&format!("withEnv(['OUT={value}']) {{\nsh '{script}'\nsh 'make'\n}}"))
            .contains("may change its container")
    };
    assert!(with("/opt/x", "echo a > $OUT") && !with("x", "echo a > $OUT"));
    assert!(with("apt-get", "$OUT update"));
    assert!(with("/tmp/x", "make") && !with("out", "make") && !with("/dev/null", "make"));
}

#[test]
fn a_checkout_of_ones_own_is_said_to_be_none() {
    let with = |top: &str, own: &str| {
        converted(&format!(
            "pipeline {{ {top}\nstages {{ stage('a') {{ {own}\nsteps {{ sh 'make' }} }}\nstage('b') {{ \
             {own}\nsteps {{ sh 'make' }} }} }} }}"
        ))
    };
    for (top, own, is_said) in [
        ("agent any", "", false),
        ("agent any", "agent any", true),
        ("agent none", "agent { docker 'a' }", true),
        ("agent any", "agent { docker { image 'a'; reuseNode true } }", false),
    ] {
        let text = with(top, own);
        assert_eq!(text.matches("Jenkins checks out anew").count(), if is_said { 2 } else { 0 });
        assert_eq!(running(&text).matches("make").count(), 2, "{text}");
    }
}
