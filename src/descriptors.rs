//! Lets go of what whoever started a process that stays left open for it: a lock would never come
//! free, a pipe would never end, and steps and instances would have them too.

/// The first descriptor that is not one of the standard streams.
const FIRST: i32 = 3;

/// Closes all descriptors but the standard streams. Only for a process that has opened nothing yet.
pub fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else {
        crate::out::error("/proc is not there, so what was left open stays open");
        return;
    };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let inherited: Vec<i32> = numbers.filter(|number| *number >= FIRST).collect();
    for number in inherited {
        // The one that the directory was read by is closed already.
        let _ = nix::unistd::close(number);
    }
}
