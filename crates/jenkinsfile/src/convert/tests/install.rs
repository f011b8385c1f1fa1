//! What is put into a container, and taken away again.

use super::container::in_container;

fn changes(script: &str) -> bool {
    in_container(&format!("sh '''{script}'''\nsh 'next'")).contains("may change its container")
}

#[test]
fn what_installs_is_known_by_each_word_for_it() {
    for script in [
        "R CMD INSTALL .",
        "R CMD REMOVE x",
        "R CMD INSTALL -l /usr/lib/R x",
        "Rscript -e \"remove.packages(\\\"x\\\")\"",
        "rpm -Uhv a.rpm",
        "rpm -ihv a.rpm",
        "rpm -vhU a.rpm",
        "rpm -ev a",
        "rpm -F a.rpm",
        "rpm --upgrade a.rpm",
        "rpm --import key",
        "dpkg --unpack a.deb",
        "dpkg --configure -a",
        "dpkg --add-architecture i386",
        "dpkg-divert --add /usr/bin/x",
        "apt-mark hold x",
        "phpdismod x",
        "a2dissite x",
        "a2enconf x",
        "deluser x",
        "delgroup x",
        "groupdel x",
        "groupmod -g 1 x",
        "make uninstall",
        "ninja uninstall",
        "cargo uninstall x",
        "pecl uninstall x",
        "pear uninstall x",
        "pipx uninstall x",
        "brew uninstall x",
        "brew remove x",
        "snap remove x",
        "luarocks remove x",
        "opam remove x",
        "tlmgr remove x",
        "dotnet tool uninstall -g x",
        "gcloud components remove x",
        "helm plugin uninstall x",
        "helm plugin remove x",
        "kubectl krew uninstall x",
        "install-php-extensions gd",
        "nix-env -iA nixpkgs.x",
        "npm config set prefix /usr",
        "npm config set prefix=/usr",
    ] {
        assert!(changes(script), "{script}");
    }
}

#[test]
fn who_asks_or_installs_elsewhere_changes_nothing() {
    for script in [
        "R CMD check .",
        "R CMD INSTALL -l lib .",
        "R CMD INSTALL --library=lib .",
        "rpm -qi a",
        "rpm -qpi a.rpm",
        "rpm -q -i a",
        "rpm -Ve a",
        "rpm -E %fedora",
        "dpkg -l",
        "dpkg --print-architecture",
        "apt-mark showhold",
        "cargo remove x",
        "dotnet remove package x",
        "git remote remove origin",
        "helm uninstall release",
        "make uninstall PREFIX=out",
        "npm uninstall x",
        "npm config get prefix",
        "npm config set prefix ~/.npm-global",
        "npm config set registry https://x",
    ] {
        assert!(!changes(script), "{script}");
    }
}
