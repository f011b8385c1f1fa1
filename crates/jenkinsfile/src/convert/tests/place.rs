//! Places of the container that commands are told, and scripts that a script writes.

use super::container::{in_container, is_change};

#[test]
fn whoever_is_told_a_place_of_the_container_may_write_there() {
    for script in [
        "cmake -B/tmp/build",
        "cmake -S . -B /tmp/build",
        "pip wheel -w /tmp x",
        "cpio -idm -D /tmp",
        "pytest --cov-report html:/tmp/cov",
        "composer create-project x /srv/x",
        "mvn -DoutputDirectory=/opt/x",
        "gradle -PoutDir=/opt/x",
        "aws s3 cp s3://b/x /tmp/x",
        "scp h:/x /tmp/x",
        "gsutil cp gs://b/x /tmp/x",
        "docker cp c:/x /tmp/x",
        "docker save -o /tmp/x.tar x",
        "kubectl cp p:/x /tmp/x",
        "helm template --output-dir /tmp/x .",
        "7z x a -o/tmp/x",
        "GOBIN=/usr/local/bin make tools",
        "./build.sh /opt/out",
        "xz -dkc a > /tmp/b",
        "tar xf a --one-top-level=/tmp/b",
        "rsync h:/x /tmp/y",
        "sftp h:/x /tmp/y",
        "mc cp a/b /tmp/x",
        "az storage blob download -f /tmp/x -n y",
        "gh release download -D /tmp/x",
        "docker run --rm img > /tmp/x",
        "skopeo copy a dir:/tmp/x",
        "oc cp p:/x /tmp/x",
        "make OUT=/tmp/x",
        "docker compose cp a:/x /tmp/y",
        "echo \"$(docker save -o /tmp/x y)\"",
        "split -b 1 a /opt/x",
        "patch /opt/x a",
        "scp -i /root/k h:/x /tmp/x",
        "kubectl -n n cp p:/x /usr/local/bin/x -c y",
        "sshpass -p x scp h:/x /tmp/x",
        "aws s3 sync s3://b/ /opt/x --delete",
        "gcloud compute scp h:/x /tmp/x",
        "mv /tmp/x .",
        "tar --create --file=/tmp/x.tar .",
        "tar -c -z -f /tmp/x.tar .",
        "mvn deploy -DaltDeploymentRepository=x::default::file:///opt/x",
        "HOME=/tmp npm ci",
        "export HOME=/tmp/h",
        "timeout 60 tool /tmp/x",
        "sudo -u x tool /tmp/x",
    ] {
        assert!(is_change(script), "{script}");
    }
}

#[test]
fn who_only_reads_at_a_place_of_the_container_changes_nothing() {
    for script in [
        "tar xzf /tmp/bundle.tgz",
        "tar -xzf /tmp/bundle.tgz",
        "unzip /tmp/x.zip",
        "unzip -o /tmp/x.zip -d out",
        "cp /tmp/x .",
        "cp -r /tmp/x/. out",
        "grep x /tmp/y",
        "docker run -v /tmp/x:/y z",
        "timeout 60 docker run -v /tmp/x:/y z",
        "sudo -u x docker run -v /tmp/x:/y z",
        "sudo -u x cat /tmp/y",
        "timeout 60 cat /tmp/y",
        "docker build -f /tmp/Dockerfile .",
        "kubectl apply -f /tmp/x.yml",
        "kubectl exec p -- cp /a /tmp/b",
        "helm upgrade x . -f /tmp/values.yaml",
        "docker cp /tmp/x c:/y",
        "scp /tmp/x h:/y",
        "scp -i /root/k a h:/y",
        "rsync -a dist/ $H:/srv/www",
        "aws s3 cp /tmp/x s3://b/x",
        "aws ssm get-parameter --name /app/x",
        "aws logs tail /aws/lambda/x",
        "az group show --ids /subscriptions/x",
        "java -jar /opt/x.jar",
        "python3 /opt/x.py",
        "node /app/x.js",
        "sh /opt/x.sh",
        ". /opt/venv/bin/activate",
        "source /tmp/env.sh",
        "mvn -s /opt/settings.xml verify",
        "mvn -B -s /tmp/settings.xml verify",
        "curl --cacert /opt/ca.pem https://a/b:80/c",
        "curl -T /tmp/x https://a",
        "make CC=/usr/bin/gcc",
        "cmake -DCMAKE_TOOLCHAIN_FILE=/opt/t.cmake .",
        "gcc -I/opt/include -L/opt/lib a.c",
        "ng build --base-href /app/ --base-href=/app/",
        "sonar-scanner -Dsonar.host.url=http://a:9000/b",
        "git push git@h:/x",
        "git config --global --add safe.directory /a",
        "perl -ne '/a/ && print' b",
        "awk '/x/{print}' a",
        "sed -n /x/p a",
        "xmllint --xpath /project/version pom.xml",
        "openssl x509 -in /tmp/x",
        "find /opt -name x",
        "[ -f /tmp/x ] && echo a",
        "for f in /opt/x; do cat $f; done",
        "case /x in a) make;; esac",
        "test -d /tmp",
        "export PATH=/opt/x:$PATH",
        "PATH=/opt/x:$PATH make",
        "ssh host \"cd /opt/x && ls\"",
        "ssh host rm /opt/x",
        "sshpass -p x ssh h rm /opt/x",
        "pkill -f /opt/x",
        "dirname /opt/x",
        "curl http://localhost:8080/x",
        "wget -q http://a:80/x",
        "git commit -m \"/x: y\"",
        "jar xf /tmp/a.jar",
        "jar tf /opt/a.jar",
        "crontab -l",
        "dotnet build /p:Configuration=Release",
        "perl -pi -e s/a/b/ a",
    ] {
        assert!(!is_change(script), "{script}");
    }
}

#[test]
fn a_change_is_seen_by_its_name() {
    for script in [
        "yes | sdkmanager --licenses",
        "emerge x",
        "keytool -importcert -keystore /etc/x -file a",
        "script -c \"apt-get install x\"",
        "strace -f apt-get install x",
        "perl -pi -e s/a/b/ /etc/x",
        "perl -i.bak -pe s/a/b/ /etc/x",
        "systemctl enable x",
        "crontab x",
        "mkdir -p ~root/x",
    ] {
        assert!(is_change(script), "{script}");
    }
}

#[test]
fn a_script_that_a_script_writes_and_runs_is_read() {
    // A script with a here-document is one step with no other, so the next is left.
    let is_read = |script: &str| {
        let text = in_container(&format!("sh '''{script}'''\nsh 'make'"));
        text.contains("may change its container")
    };
    for script in [
        "cat <<E > i.sh\napt-get install -y x\nE\nsh i.sh",
        "cat > i.sh <<'E'\napt-get install -y x\nE\nchmod +x i.sh; ./i.sh",
        "cat > bin/i <<E\napt-get install x\nE\nsudo -E bash bin/i",
        "printf 'apt-get install x' > i.sh; . i.sh",
        "echo \"apt-get install x\" > i.sh && source ./i.sh",
        "echo \"set -e\" > i.sh\necho \"apt-get install x\" >> i.sh\nsh i.sh",
        "echo \"apt-get install x\" | tee i.sh; sh i.sh",
        "tee i.sh <<E\napt-get install x\nE\nsh i.sh",
        "run() { sh i.sh; }\necho \"apt-get install x\" > i.sh\nrun",
    ] {
        assert!(is_read(script), "{script}");
    }
    for script in [
        "echo \"apt-get install x\" > notes",
        "cat > Dockerfile <<E\nRUN apt-get install x\nE\ndocker build .",
        "echo make > i.sh; sh i.sh",
        "cat > a.sh <<E\n./b.sh\nE\n./a.sh",
    ] {
        assert!(!is_read(script), "{script}");
    }
}

#[test]
fn an_option_that_says_what_is_read_writes_nothing() {
    for script in [
        "tool -c /opt/x.conf",
        "sudo supervisorctl -c /opt/x.ini status",
        "pytest --rootdir=/x",
        "jest --root-dir /x",
        "terraform plan -var-file=/x",
        "terraform plan -var-file /x",
        "sonar-scanner -Dsonar.sources=/src -Dsonar.exclusions=/src/a",
        "mvn sonar:sonar -Dsonar.java.binaries=/src -Dsonar.java.libraries=/opt/lib",
        "git log -- /src",
        "git -C /x log",
        "git --git-dir /x/.git rev-parse HEAD",
        "git apply /tmp/x.patch",
        "git fetch /srv/mirror main",
        "cppcheck -I /opt a",
        "cppcheck --enable=all /src",
        "gcc -I /opt/include -L /opt/lib -o a a.c",
        "arm-none-eabi-gcc -isystem /opt/include a.c",
        "clang++-15 -I /opt/include a.cc",
        "pylint /src",
        "eslint -c /opt/eslintrc.json .",
        "tool --exclude /opt --template=/opt/x",
    ] {
        assert!(!is_change(script), "{script}");
    }
    for script in [
        "tool -c /opt/x.json",
        "tool -I /opt/x",
        "tool -C /opt/x.conf",
        "tool --write-config=/opt/x",
        "tool --save-config /opt/x",
        "tool --generate-template=/opt/x",
        "tool --output-config /opt/x",
        "tool --rootfs=/x",
        "cppcheck --cppcheck-build-dir=/opt/x a",
        "cppcheck --cppcheck-build-dir /opt/x a",
        "cppcheck --output-file=/opt/x a",
        "git log --output=/opt/x",
        "git -C /x pull",
        "git --git-dir=/x fetch",
        "git --work-tree=/x apply a",
        "git push /srv/mirror",
        "git bundle create /opt/x HEAD",
        "gcc -o /opt/a a.c",
    ] {
        assert!(is_change(script), "{script}");
    }
}
