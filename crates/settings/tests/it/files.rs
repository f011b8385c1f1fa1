//! Every file below `tests/valid` becomes the specification in its snapshot, and every file
//! below `tests/invalid` gets exactly the report in the `.expected` file beside it.

use std::fs;
use std::path::{Path, PathBuf};

use pilothouse_settings::problem::report;
use pilothouse_settings::{Problem, operator, pipeline};

fn files(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = fs::read_dir(&root).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    files.sort();
    assert!(!files.is_empty(), "{} has no files", root.display());
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Compares with the expected report; `UPDATE_EXPECTED=1` writes it instead.
fn check<T: std::fmt::Debug>(path: &Path, read: impl Fn(&str) -> Result<T, Vec<Problem>>) {
    let text = fs::read_to_string(path).unwrap();
    let problems = match read(&text) {
        Ok(value) => panic!("{} was read as {value:#?}", path.display()),
        Err(problems) => problems,
    };
    let places: Vec<_> = problems.iter().map(|p| (p.line, p.column)).collect();
    assert!(places.is_sorted(), "{} is out of order", path.display());
    let got = report(&problems);
    let expected = path.with_extension("expected");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&expected, &got).unwrap();
    }
    let wanted = fs::read_to_string(&expected).unwrap_or_default();
    assert_eq!(got, wanted, "{}", path.display());
}

#[test]
fn invalid_operator_files_are_explained() {
    for path in files("invalid/operator") {
        check(&path, |text| operator::read("shop", "shop.toml", text));
    }
}

#[test]
fn invalid_pipelines_are_explained() {
    for path in files("invalid/pipeline") {
        check(&path, |text| pipeline::read(pipeline::FILE, text));
    }
}

#[test]
fn valid_operator_files_are_read() {
    for path in files("valid/operator") {
        let text = fs::read_to_string(&path).unwrap();
        match operator::read("shop", "shop.toml", &text) {
            Ok(spec) => {
                assert_eq!(spec.check(), [], "{}", path.display());
                insta::assert_debug_snapshot!(format!("operator_{}", stem(&path)), spec);
            }
            Err(problems) => panic!("{}", report(&problems)),
        }
    }
}

#[test]
fn valid_pipelines_are_read() {
    for path in files("valid/pipeline") {
        let text = fs::read_to_string(&path).unwrap();
        match pipeline::read(pipeline::FILE, &text) {
            Ok(spec) => insta::assert_debug_snapshot!(format!("pipeline_{}", stem(&path)), spec),
            Err(problems) => panic!("{}", report(&problems)),
        }
    }
}

#[test]
fn two_projects_cannot_share_a_domain_at_one_address() {
    let project = |name: &str, port: u16| {
        let text = format!(
            "repository = '/srv/x'\nload_balancer.listen = ['127.0.0.1:{port}', '[::1]:{port}']\n\
             [environment.production]\ndomain = 'shop.localhost'\n"
        );
        operator::read(name, "x", &text).unwrap()
    };
    let apart = [project("a", 8080), project("b", 8081)];
    assert_eq!(operator::clashes(&apart), []);
    let together = [project("a", 8080), project("b", 8080)];
    let said: Vec<_> = operator::clashes(&together).iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["shop.localhost at 127.0.0.1:8080 reaches a already, and b wants it too; give b another \
          domain or another address to listen on"]
    );
}

#[test]
fn the_first_line_of_what_is_told_says_what_was_mistyped() {
    let text = "artifact = \".\"\n\n[[stage]]\nname = \"test\"\nrun = \"true\"\n\n[website]\nrun = \"x\"\n";
    let problems = pilothouse_settings::pipeline::read("pilothouse.toml", text).unwrap_err();
    let told = pilothouse_settings::problem::told(&problems);
    let first = told.lines().next().unwrap();
    assert!(first.starts_with("2 problems, first: pilothouse.toml:7:2: "), "{told}");
    assert!(first.contains("website"), "{told}");
    assert!(told.contains("pilothouse.toml:1:1: "), "{told}");
    let one = pilothouse_settings::problem::told(&problems[..1]);
    assert!(!one.contains("first:"), "{one}");
}

#[test]
fn no_cache_lies_where_another_or_a_volume_is() {
    let read = |caches: &str, volumes: &str| {
        let text = format!(
            "[[stage]]\nname = \"test\"\nimage = \"debian:12\"\nrun = \"make\"\n\
             cache = [{caches}]\nvolumes = [{volumes}]\n[service]\nrun = \"x\"\n"
        );
        let read = pipeline::read("pilothouse.toml", &text);
        read.err().map(|problems| report(&problems)).unwrap_or_default()
    };
    assert_eq!(read(r#""/root/.cache", "/root/.cache2", "/root/.npm""#, r#""/srv:/root/x""#), "");
    assert_eq!(read("", r#""/srv:/a", "/srv/x:/a/b", "/srv:/b""#), "", "Docker puts them in order");
    for (caches, volumes, at, told) in [
        (r#""/c", "/c/pip""#, "", "5:16", r#""/c/pip" lies within "/c", a cache as well"#),
        (r#""/c/pip", "//c/.""#, "", "5:20", r#""//c/." lies around "/c/pip", a cache as well"#),
        (r#""/c", "/c/""#, "", "5:16", r#""/c/" is "/c", a cache as well"#),
        (r#""/c/pip""#, r#""/srv:/c""#, "5:10", r#""/c/pip" lies within "/c", a volume's place"#),
        (r#""/c""#, r#""/srv:/c/x:ro""#, "5:10", r#""/c" lies around "/c/x", a volume's place"#),
        (r#""/c""#, r#""/srv:/c""#, "5:10", r#""/c" is "/c", a volume's place"#),
        ("", r#""/:/v""#, "6:12", r#""/" is the root and all that is below it"#),
        ("", r#""/srv:c""#, "6:12", r#""/srv:c" is not a volume"#),
        ("", r#""/srv""#, "6:12", r#""/srv" is not a volume"#),
        ("", r#""/srv:/c:rx""#, "6:12", r#""/srv:/c:rx" is not a volume"#),
        ("", r#""/srv:/c", "/opt:/c/""#, "6:23", r#""/opt" would be seen where "/srv" is"#),
    ] {
        let said = read(caches, volumes);
        assert!(said.starts_with(&format!("pilothouse.toml:{at}: {told}")), "{said}");
    }
}

#[test]
fn nothing_lies_over_or_within_the_directory_of_a_run() {
    let read = |key: &str, path: &str| {
        let text = format!(
            "[[stage]]\nname = \"test\"\nimage = \"debian:12\"\nrun = \"make\"\n\
             {key} = [\"{path}\"]\n[service]\nrun = \"x\"\n"
        );
        let read =
            pipeline::read_for("pilothouse.toml", &text, Some("/var/lib/ph/runs/7/workspace"));
        read.err().map(|problems| report(&problems))
    };
    for path in ["/var/cache", "/var/lib/p", "/var/lib/ph/runs/70", "/var/lib/ph/runs/6/workspace"]
    {
        assert_eq!(read("cache", path), None, "{path}");
        assert_eq!(read("volumes", &format!("/srv:{path}")), None, "{path}");
    }
    let run = "/var/lib/ph/runs/7";
    for (path, how) in [
        ("/var", "over"),
        ("//var/./lib/", "over"),
        (run, "over"),
        ("/var/lib/ph/runs/7/workspace", "within"),
        ("/var/lib/ph/runs/7/workspace/q/r", "within"),
        ("/var/lib/ph/runs//7/home/.npm", "within"),
    ] {
        for (key, value) in [("cache", path.to_owned()), ("volumes", format!("/srv:{path}"))] {
            let said = read(key, &value).unwrap_or_default();
            let what = format!("\"{path}\" lies {how} the run's own directory, {run}");
            assert!(said.contains(&what), "{said}");
            assert!(said.starts_with("pilothouse.toml:5:"), "{said}");
        }
    }
}
