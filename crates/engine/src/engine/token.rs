//! Random names that are made once and kept in the state directory.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::StartError;

/// A random text of so many bytes in hex, made the first time and read afterwards.
pub(super) fn kept(dir: &Path, name: &str, bytes: usize) -> Result<String, StartError> {
    let path = dir.join(name);
    let failed = |what| {
        let path = path.clone();
        move |source| StartError::File { what, path, source }
    };
    match std::fs::read_to_string(&path) {
        Ok(token) if token.trim().len() == 2 * bytes => return Ok(token.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("read")(error)),
    }
    let mut random = vec![0u8; bytes];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut random))
        .map_err(failed("get random bytes for"))?;
    let token = random.iter().fold(String::with_capacity(2 * bytes), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
        .open(&path)
        .and_then(|mut file| file.write_all(token.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(failed("write"))?;
    Ok(token)
}
