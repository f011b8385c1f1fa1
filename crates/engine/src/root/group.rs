//! Whether a group is one user's alone.

use nix::unistd::{Gid, Group, User, geteuid};

/// Whether a group has nobody in it but the engine's user or root: the group that many systems make
/// for each user and call the same, whose members may then write what that user makes (umask 002).
pub(super) fn is_private(gid: u32) -> bool {
    let of = |uid| User::from_uid(uid).ok().flatten();
    // A group that is not known may be anybody's.
    let Some(group) = Group::from_gid(Gid::from_raw(gid)).ok().flatten() else { return false };
    let is_of = |user: &User| {
        let is_alone = group.mem.iter().all(|name| *name == user.name);
        user.gid == group.gid && user.name == group.name && is_alone
    };
    [of(geteuid()), of(nix::unistd::Uid::from_raw(0))].iter().flatten().any(is_of)
}
