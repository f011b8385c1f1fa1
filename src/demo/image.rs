//! The demonstration's image: this program, and of the machine what its steps need. No registry is
//! asked for anything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use color_eyre::Result;
use color_eyre::eyre::{WrapErr as _, bail, eyre};
use pilothouse_docker::{Docker, ImageFile};

/// What the steps call.
const PROGRAMS: [&str; 5] = ["sh", "mkdir", "cp", "grep", "cat"];

/// The label of images that an engine of ours built; it begins with the engine's own id.
const BUILT: &str = "pilothouse.image";

/// An image that goes with the demonstration.
pub struct Image {
    docker: Docker,
    name: String,
}

impl Image {
    /// Makes the image.
    pub async fn make(binary: &Path) -> Result<Self> {
        let docker = Docker::local()?.ready().await?;
        let name = format!("pilothouse-demo-{}:base", std::process::id());
        docker.import(&name, files(binary)?).await?;
        Ok(Self { docker, name })
    }

    /// The one that an earlier demonstration made.
    pub async fn found(name: &str) -> Result<Self> {
        let docker = Docker::local()?.ready().await?;
        Ok(Self { docker, name: name.to_owned() })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first process of a container, by its number on this machine.
    pub async fn process_of(&self, container: &str) -> Result<i32> {
        let found = self.docker.container(container).await?;
        found.map(|found| found.pid).ok_or_else(|| eyre!("there is no container {container}"))
    }

    /// Removes it, and what an engine built on it.
    pub async fn remove(self, engine_id: &str) -> Result<()> {
        for image in self.docker.images(BUILT).await? {
            let origin = image.labels.get(BUILT).and_then(|label| label.split(' ').next());
            if origin == Some(engine_id) {
                self.docker.remove_image(&image.id).await?;
            }
        }
        Ok(self.docker.remove_image(&self.name).await?)
    }
}

/// All files of the image: programs, and the libraries that they are linked with.
fn files(binary: &Path) -> Result<Vec<ImageFile>> {
    let mut files = BTreeSet::new();
    let mut add = |source: PathBuf, target: PathBuf| -> Result<()> {
        for library in libraries(&source)? {
            files.insert(ImageFile { source: library.clone(), target: library });
        }
        files.insert(ImageFile { source, target });
        Ok(())
    };
    add(binary.to_owned(), PathBuf::from("/pilothouse"))?;
    for name in PROGRAMS {
        add(program(name)?, Path::new("/bin").join(name))?;
    }
    Ok(files.into_iter().collect())
}

fn program(name: &str) -> Result<PathBuf> {
    let dirs = ["/bin", "/usr/bin"];
    let paths = dirs.iter().map(|dir| Path::new(dir).join(name));
    paths
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| eyre!("{name} is in none of {}", dirs.join(", ")))
}

/// The libraries of a program, and the loader that finds them, as `ldd` tells (ldd(1)).
fn libraries(program: &Path) -> Result<BTreeSet<PathBuf>> {
    let output = Command::new("ldd")
        .arg(program)
        .stdin(Stdio::null())
        .output()
        .wrap_err("ldd cannot be run; it tells which libraries the image needs")?;
    // One that is linked with none is said to be so with a status of its own.
    let text = String::from_utf8_lossy(&output.stdout);
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        let path = line.split_once("=> ").map_or(line, |(_, path)| path);
        let path = path.split_once(" (").map_or(path, |(path, _)| path);
        if path.starts_with('/') {
            found.insert(PathBuf::from(path));
        } else if path.starts_with("not found") {
            bail!("{}: {line}", program.display());
        }
    }
    Ok(found)
}
