//! What a script changes in its container, by the words that say so.

use super::container::in_container;
use super::running;

fn is_change(script: &str) -> bool {
    in_container(&format!("sh '''{script}'''\nsh 'make'")).contains("may change its container")
}

#[test]
fn a_change_is_seen_behind_several_short_options() {
    for script in [
        "curl -Lo /opt/x https://a",
        "curl -sSLo /opt/x https://a",
        "curl -LsSo /opt/x https://a",
        "curl -fsSLo/opt/x https://a",
        "wget -qO /opt/x https://a",
        "wget -NP /opt https://a",
        "tar xzCf /opt a.tgz",
        "tar -zxC /opt -f a",
        "curl https://a | tar -xzC /usr/local/bin",
        "unzip -qd /opt a.zip",
        "unzip -od /opt a.zip",
    ] {
        assert!(is_change(script), "{script}");
    }
    for script in [
        "curl -Lo x https://a/opt/x",
        "tar xzf a.tgz -C out",
        "tar xzCf out /opt/a.tgz",
        "tar -xzf /opt/a.tgz",
        "unzip -qd out /opt/a.zip",
        "wget -qO- https://a/x > x",
    ] {
        assert!(!is_change(script), "{script}");
    }
}

#[test]
fn a_change_is_seen_in_what_a_command_is_told_to_run() {
    for script in [
        "cmake --build . --target install",
        "cmake --build . -t install",
        "ant install",
        "rake install",
        r"find . -name x -exec cp {} /usr/lib \\;",
        r"find . -execdir cp {} /usr/lib +",
        r#"find . -ok sh -c "apt-get update" \\;"#,
        "find /opt/x -delete",
        "busybox cp x /usr/bin",
    ] {
        assert!(is_change(script), "{script}");
    }
    for script in [
        r"find /opt -name x -exec cp {} out \\;",
        "find . -delete",
        "cmake -DCMAKE_INSTALL_PREFIX=out ..\ncmake --build . --target install",
        "cmake --build . --target all",
        "ant test",
    ] {
        assert!(!is_change(script), "{script}");
    }
}

#[test]
fn a_change_is_seen_in_a_script_that_a_shell_reads() {
    for script in [
        "cat <<E | sh\napt-get update\nE\n",
        "echo \"apt-get install -y jq\" | sh",
        "printf \"cd x\\\\napt-get update\" | sudo bash -s",
        "bash <<< \"apt-get update\"",
        "source <(curl -s https://a)",
        ". <(curl -s https://a)",
        "curl https://a > i.sh; sh i.sh",
        "curl -o tool https://a && bash tool",
        "wget https://a/install.sh && bash install.sh",
        "curl -fsSLO https://a/i.sh; chmod +x i.sh; ./i.sh",
        "wget -q https://a/i.sh\n. ./i.sh",
        "trap \"cp x /usr/bin\" EXIT",
    ] {
        assert!(is_change(script), "{script}");
    }
    for script in [
        "cat <<E > x\napt-get update\nE\n",
        "echo \"apt-get install -y jq\" | tee x",
        "cat <<< \"apt-get update\"",
        "source <(kubectl completion bash)",
        "curl https://a/b.json > b.json; sh i.sh",
        "curl -Lo tool https://a; chmod +x tool; ./tool",
        "curl https://codecov.io/bash > codecov.sh; sh codecov.sh",
        "wget https://a/install.sh && bash install.sh --prefix out",
        "trap \"rm -f x\" EXIT",
    ] {
        assert!(!is_change(script), "{script}");
    }
}

#[test]
fn a_change_is_seen_beside_the_workspace() {
    for script in [
        "make > ../log.txt",
        "touch ../sib",
        "cp x ../y",
        "cp x build/../../../usr/bin",
        "rm -f ../x",
        "cd sub\ncp x ../../y",
        "(cd sub; make)\ncp x ../y",
        "cd sub && cd - && cp x ../y",
        "make install DESTDIR=../x",
        "cd ..\nmake",
    ] {
        assert!(is_change(script), "{script}");
    }
    for script in [
        "cp ../x y",
        "cat < ../x",
        "../gradlew build",
        "cd sub\ncp x ../y",
        "cd sub\ncd ..\nmake",
        "pushd sub/a; touch ../b; popd",
        "(cd sub && touch ../x)",
        "cd $(git rev-parse --show-cdup)sub\ncp x ../y",
        "mkdir -p a/b && cd $WORKSPACE/a && rm -rf ../c",
        "sed -i s/a/../ x",
    ] {
        assert!(!is_change(script), "{script}");
    }
    let text = in_container("dir('sub') { sh 'cp x ../y' }\nsh 'make'");
    assert!(!text.contains("may change its container"), "{text}");
    let text = in_container("sh 'cp x ../y'\nsh 'make'");
    assert!(
        text.contains("`cp x ../y` of line 4 may change its container")
            || text.contains("since `cp x ../y`"),
        "{text}"
    );
}

#[test]
fn a_change_is_seen_at_a_place_that_few_commands_are_told() {
    for script in [
        "cp x {/usr/bin,/opt}",
        "patch -d / -i x",
        "svn checkout https://a /opt/x",
        "make | sponge /etc/x",
        "ssh-keygen -qf /etc/ssh/k",
        "mvn -Dmaven.repo.local=/m2 install",
        "gradle -g /gradle build",
    ] {
        assert!(is_change(script), "{script}");
    }
    for script in [
        "cp x {a,b}",
        "patch -d sub -i /etc/x",
        "svn checkout https://a x",
        "ssh-keygen -f k",
        "mvn -Dmaven.repo.local=m2 install",
        "gradle -g .gradle build",
    ] {
        assert!(!is_change(script), "{script}");
    }
}

#[test]
fn who_asks_or_names_the_workspace_changes_nothing() {
    for script in [
        "apt-get --version",
        "GOBIN=$PWD/bin go install ./...",
        "GOPATH=$PWD/go go install ./...",
        "export GOBIN=bin; go install x",
        "pytest --basetemp=/tmp/pt",
    ] {
        assert!(!is_change(script), "{script}");
    }
    for script in ["GOBIN=/opt/bin go install x", "go install x", "apt-get update --version"] {
        assert!(is_change(script), "{script}");
    }
}

#[test]
fn a_file_that_jenkins_writes_beside_the_container_is_left() {
    for path in ["/opt/wf", "../wf", "a/../../wf"] {
        let text = in_container(&format!("writeFile file: '{path}', text: 'x'\nsh 'make'"));
        assert!(text.contains("outside of the workspace beside the container"), "{text}");
        assert!(!running(&text).contains("make"), "{text}");
    }
    let text = in_container("writeFile file: 'a/wf', text: 'x'\nsh 'make'");
    assert!(running(&text).contains("make"), "{text}");
}

#[test]
fn a_change_is_seen_where_something_is_taken_away_or_chosen() {
    for script in [
        "pip uninstall -y x",
        "python3 -m pip uninstall -y x",
        "gem uninstall x",
        "conda remove x",
        "dpkg -r x",
        r"find /opt -name x -exec rm -rf {} \\;",
        "find /opt -type d -exec chmod 755 {} +",
        "find . /opt -delete",
        "alternatives --set java x",
        "update-java-alternatives -s x",
        "n lts",
        "Rscript -e \"install.packages(1)\"",
        "R -e \"remotes::install_deps()\"",
        "perl -MCPAN -e \"install x\"",
        "dotnet workload restore",
    ] {
        assert!(is_change(script), "{script}");
    }
    for script in [
        "venv/bin/pip uninstall -y x",
        r"find . -exec rm {} \\;",
        "Rscript -e \"x()\"",
        "Rscript install.R",
        "n",
        "alternatives --display java",
    ] {
        assert!(!is_change(script), "{script}");
    }
}

#[test]
fn a_change_is_seen_in_a_word_of_another_kind() {
    for script in [
        "echo \"${A:-$(cp a /opt/x)}\"",
        "echo ${A:=`cp a /opt/x`}",
        "echo $(( $(cp a /opt/x) + 1 ))",
        "A=${B#\"}\"}; cp a /opt/x",
        "A=${B:-{}; cp a /opt/x",
        "echo ${A#'}'}; cp a /opt/x",
        "parallel -j 2 \"cp {} /opt/x\" ::: a",
    ] {
        assert!(is_change(script), "{script}");
    }
    for script in [
        "echo \"${A:-$(cp a b)}\" ${B%/*} ${C:+x} ${D:-{\\\\}}",
        "echo $(( $(wc -l < a) / 2 ))",
        "A=${B//\"}\"/x} make",
    ] {
        assert!(!is_change(script), "{script}");
    }
}
