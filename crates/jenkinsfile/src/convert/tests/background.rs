//! What a script leaves in the background, and what it ends itself.

use super::{converted, running};

fn leaves(script: &str) -> bool {
    let text = converted(&format!(
        "pipeline {{ agent any\nstages {{ stage('a') {{ steps {{ sh '''{script}''' }} }} }} }}"
    ));
    let is_left = text.contains("it may leave a process in the background");
    assert_ne!(is_left, running(&text).contains("run = "), "{script}: {text}");
    is_left
}

#[test]
fn each_process_is_known_by_its_number() {
    for script in [
        "x & P1=$!; y & P2=$!; wait $P1 $P2",
        "x & P1=$!; y & P2=$!; wait $P1; wait $P2",
        "x & P1=$!\ny & P2=$!\nmake\nkill $P1 $P2",
        "x & wait $!; y & wait $!",
        "x & PIDS=$!\ny & PIDS=\"$PIDS $!\"\nwait $PIDS",
        "x & y & wait",
        "x & y & kill $(jobs -p)",
    ] {
        assert!(!leaves(script), "{script}");
    }
    for script in [
        "x & P1=$!; y & P2=$!; wait $P1",
        "x & P1=$!; y & P2=$!; wait $P2 $P2",
        "x & y & wait $!; kill $!",
        "x & P1=$!; y & P2=$!; wait $P1; if a; then wait $P2; fi",
        "x & P=$!; if a; then wait $P; fi; y & wait $!",
        "x & P1=$!; y & P2=$!; wait $P1 || kill $P2",
        "x & P1=$!; y & P2=$!; kill -0 $P1 $P2",
    ] {
        assert!(leaves(script), "{script}");
    }
}

#[test]
fn a_trap_is_a_script_of_its_own() {
    for script in [
        "x & pid=$!; trap \"kill $pid\" EXIT\nmake",
        "trap 'kill $(jobs -p)' EXIT\nx &\ny &\nmake",
        "trap 'kill $pid' EXIT\nx & pid=$!\nmake",
        "x & trap \"echo a; kill $!\" INT EXIT",
        "trap \"rm -f a\" EXIT",
    ] {
        assert!(!leaves(script), "{script}");
    }
    for script in [
        "trap \"./x &\" EXIT",
        "x & trap \"kill $!\" INT",
        "x & trap - EXIT",
        "x & a=$!; y & trap \"kill $a\" EXIT",
        "x & if a; then trap \"kill $!\" EXIT; fi",
    ] {
        assert!(leaves(script), "{script}");
    }
}

#[test]
fn of_scripts_in_words_only_so_much_is_read() {
    assert!(!leaves(&"P=\"$P aaaa\"\n".repeat(100)));
    // Each line stands for all before it; in doubt the script leaves something.
    assert!(leaves(&"P=\"$P aaaa\"\n".repeat(1500)));
}

#[test]
fn a_daemon_is_seen_behind_what_launches_it() {
    for script in [
        "npx pm2 start app.js",
        "npx --yes forever start a",
        "npx -p pm2 pm2 start a",
        "npx pm2 -s start a",
        "yarn pm2 start a",
        "yarn run pm2 start a",
        "yarn -s pm2 start a",
        "yarn workspace web pm2 start a",
        "pnpm exec pm2 start a",
        "npm exec pm2 start a",
        "npm exec -- pm2 start a",
        "bundle exec puma -d",
        "bundle exec rails s -d",
        "poetry run gunicorn --daemon a",
        "poetry run gunicorn -D a",
        "pipenv run celery multi start w",
        "pipenv run poetry run gunicorn -D a",
        "uv run --frozen gunicorn -D a",
        "conda run -n x gunicorn -D a",
        "php artisan x --daemon",
        "python manage.py x --daemon",
        "sshpass -p x ssh -f h x",
        "sshpass -e ssh -fN h",
        "autossh -f h",
    ] {
        assert!(leaves(script), "{script}");
    }
    for script in [
        "npx react-scripts start",
        "npx eslint --fix a",
        "yarn start",
        "yarn -s start",
        "yarn install",
        "yarn --cwd web start",
        "yarn workspace web start",
        "pnpm --filter web run start",
        "npx start-server-and-test start http://x test",
        "npx pm2-runtime start a",
        "pnpm -r start",
        "npm run start",
        "npm start",
        "bundle install",
        "bundle exec rake",
        "bundle exec rails s",
        "poetry install",
        "poetry run python -m x start",
        "pipenv run pytest -D a",
        "sshpass -p x ssh h service a restart",
        "sshpass -p x scp -f a h:b",
        "gradle --daemon build",
        "git checkout --detach",
        "docker run --detach x",
        "java -jar a.jar",
    ] {
        assert!(!leaves(script), "{script}");
    }
}

#[test]
fn a_signal_need_not_end_a_process() {
    for signal in [
        "-STOP", "-CONT", "-USR1", "-SIGUSR2", "-HUP", "-1", "-l", "-s HUP", "-0", "-URG", "-23",
        "-SIGTTIN",
    ] {
        assert!(leaves(&format!("x & kill {signal} $!")), "{signal}");
    }
    for signal in ["", "-9", "-TERM", "-s KILL", "-n 9", "-SIGINT", "--"] {
        assert!(!leaves(&format!("x & kill {signal} $!")), "{signal}");
    }
}

#[test]
fn a_script_that_is_written_and_run_is_read_for_processes() {
    assert!(leaves("cat <<E > s.sh\nserver &\nE\nsh s.sh"));
    assert!(leaves("echo \"server &\" > s.sh; ./s.sh"));
    assert!(!leaves("cat <<E > s.sh\nserver &\nE\nchmod +x s.sh"));
    // One that runs itself has no end, so in doubt it leaves something.
    assert!(leaves("cat > a.sh <<E\n./a.sh; ./a.sh\nE\n./a.sh"));
}

#[test]
fn words_of_eval_are_one_script() {
    assert!(leaves("eval \"x\" \"&\"") && leaves("eval x \\\\&") && !leaves("eval x y"));
}

#[test]
fn a_daemon_is_known_by_its_name_alone() {
    for script in [
        "npx pm2@5 resurrect",
        "npx -p pm2@5 pm2@latest start a",
        "yarn dlx pm2@latest resurrect",
        "npx cross-env NODE_ENV=test pm2 start a",
        "corepack yarn pm2 start a",
        "sshpass -p x /usr/bin/ssh -f h x",
        "/usr/bin/npx pm2 resurrect",
        "/usr/sbin/nginx",
        "/usr/sbin/php-fpm8.2 -D",
        "python -m gunicorn -D a",
        "python3 -m gunicorn.app.wsgiapp --daemon a",
        "/usr/bin/python3.11 -u -W ignore -m celery multi start w",
        "python -um gunicorn -D a",
        "python -mgunicorn -D a",
        "poetry run python -m gunicorn -D a",
        "uvx gunicorn@23 -D a",
        "python -m poetry run gunicorn -D a",
        "airflow scheduler -D",
        "twistd web --path .",
        "wget -b https://a",
    ] {
        assert!(leaves(script), "{script}");
    }
    for script in [
        "python -m gunicorn a",
        "airflow scheduler",
        "twistd -n web --path .",
        "wget -q https://a",
        "python -m pytest -D a",
        "python3.11 -m x start",
        "python app.py -m gunicorn -D",
        "python -c x -m gunicorn -D",
        "python -W",
        "python -m",
        "npx @scope/pm2-runtime start a",
        "npx start-server-and-test@2 start http://x test",
        "/usr/sbin/nginx -t",
    ] {
        assert!(!leaves(script), "{script}");
    }
}

#[test]
fn a_task_that_is_called_start_runs_in_the_foreground() {
    for script in [
        "bundle exec rake start",
        "rake start",
        "just start",
        "invoke start",
        "composer start",
        "foreman start",
        "npx turbo run start",
        "npx craco start",
    ] {
        assert!(!leaves(script), "{script}");
    }
    for script in ["bundle exec thin start -d", "bundle exec pumactl start"] {
        assert!(leaves(script), "{script}");
    }
}

#[test]
fn a_letter_for_the_background_may_stand_beside_others() {
    for script in [
        "ssh -NfL 1:h:2 h",
        "ssh -fNL1:h:2 h",
        "ssh -i k -o A=b -Nf h",
        "autossh -M 0 -f h",
        "git daemon --base-path=x --detach",
        "mvn -B wildfly:start",
        "rackup -D",
        "svnserve -d -r x",
        "daemon --name=x -- ./y",
    ] {
        assert!(leaves(script), "{script}");
    }
    for script in [
        "ssh -L f:1:h:2 h",
        "ssh -Lf:1:h:2 h",
        "ssh -i -f h x",
        "ssh -N h",
        "autossh -M f h",
        "git daemon",
        "daemon -f -- ./y",
    ] {
        assert!(!leaves(script), "{script}");
    }
}

#[test]
fn start_may_be_a_text_a_file_or_a_test() {
    for script in [
        "[ \"$ACTION\" = \"start\" ]",
        "if [ \"$ACTION\" != start ]; then make; fi",
        "[[ $A == start ]]",
        "case \"$A\" in start) make;; restart|x) make;; esac",
        "for s in stop start; do echo $s; done",
        "rm -rf start",
        "touch start",
        "pytest -k start",
        "terraform apply -target start",
        "ansible-playbook -i h a.yml --tags restart",
    ] {
        assert!(!leaves(script), "{script}");
    }
    assert!(leaves("case \"$A\" in start) service x start;; esac"));
    assert!(leaves("for s in stop start; do service x $s start; done"));
}

#[test]
fn what_an_interpreter_reads_may_start_something() {
    for script in [
        "python3 app.py start",
        "php start.php start -d",
        "java -Xmx1g -jar x.jar start",
        "node node_modules/pm2/bin/pm2 start app.js",
        "node ./node_modules/.bin/pm2 start x",
        "node node_modules/pm2/bin/pm2 resurrect",
        "ruby script/delayed_job start",
        "pm2 startOrReload a.json",
        "pm2 startOrRestart a.json",
        "npx pm2 reload all",
    ] {
        assert!(leaves(script), "{script}");
    }
    for script in [
        "node node_modules/.bin/react-scripts start",
        "node node_modules/gulp/bin/gulp.js start",
        "node start.js",
        "python -c \"print(1)\" start",
        "bun run start",
        "deno task start",
        "pm2 list",
    ] {
        assert!(!leaves(script), "{script}");
    }
}

#[test]
fn a_word_may_mean_another_thing_to_another_server() {
    for script in [
        "unbound",
        "unbound -c a.conf",
        "httpd -f a.conf",
        "httpd -d . -f a.conf -k start",
        "python -m supervisor.supervisord -c a.conf",
    ] {
        assert!(leaves(script), "{script}");
    }
    for script in [
        "unbound -d",
        "unbound -d -c a.conf",
        "busybox httpd -f -p 80",
        "httpd -p 80 -f",
        "httpd -f a.conf -X",
        "python -m supervisor.supervisord -n",
    ] {
        assert!(!leaves(script), "{script}");
    }
}
