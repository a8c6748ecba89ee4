# Sourced by the scripts that install packages: a Debian of their own, in a folder. They need debootstrap and root.

# may_enter tells whether such a Debian can be entered here.
may_enter() { [ "$(id -u)" -eq 0 ] && unshare --mount --pid --net --fork true 2> /dev/null; }

# debian_archive TARGET [ARCHITECTURE] makes a minimal Debian once, and prints where its archive is. One of another machine
# sets itself up under an emulator: tests/lib/foreign.bash must be there, too.
debian_archive() {
  local archive root words=()
  [ $# -eq 1 ] || words=(--foreign "--arch=$2")
  archive=$1/debian/bookworm${2:+-$2}.tar
  if [ ! -f "$archive" ]; then
    mkdir -p "$1/debian"
    root=$(mktemp --directory "$1/debian/making.XXXXXX")
    if ! { debootstrap "${words[@]}" --variant=minbase --include=systemd,systemd-sysv,openssl,man-db bookworm "$root" &&
      { [ $# -eq 1 ] || second_stage "$2" "$root"; }; } > "$1/debian/log" 2>&1; then
      tail -n 5 "$1/debian/log" >&2
      rm -rf "$root"
      return 1
    fi
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/locale/*
    tar --create --file "$archive.part" --directory "$root" .
    rm -rf "$root"
    mv "$archive.part" "$archive"
  fi
  printf '%s\n' "$archive"
}

# second_stage ARCHITECTURE FOLDER: devices were made in the first, and cannot be where a user namespace is; debootstrap knows
# that of this kind of container.
second_stage() { foreign_enter "$1" "$2" env container=lxc /debootstrap/debootstrap --second-stage; }

# foreign_enter ARCHITECTURE FOLDER COMMAND… enters a Debian of another machine.
foreign_enter() {
  local arch=$1
  shift
  # shellcheck disable=SC2016
  with_emulator "$arch" bash -euc '. "$0"; enter "$@"' "${BASH_SOURCE[0]}" "$@"
}

# debian_root ARCHIVE FOLDER unpacks one.
debian_root() {
  mkdir -p "$2"
  tar --extract --file "$1" --directory "$2" --preserve-permissions --numeric-owner
  # The folder that it was made in was root's alone.
  chmod 755 "$2"
  # Nothing of this machine is started by what is installed there.
  printf '#!/bin/sh\nexit 101\n' > "$2/usr/sbin/policy-rc.d"
  chmod 755 "$2/usr/sbin/policy-rc.d"
}

# enter FOLDER COMMAND… runs something there, with processes, mounts and a network of its own, and ends all of it.
enter() {
  local root=$1
  shift
  # shellcheck disable=SC2016
  unshare --mount --propagation private --pid --fork --kill-child --net --uts --ipc sh -c '
    set -e
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    hostname box
    exec chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"' sh "$root" "$@"
}

# commands PAGE NAME prints the commands of a page of the documentation that stand below the mark NAME.
commands() {
  awk -v mark="<!-- test: $2 -->" '
    $0 == mark { wanted = 1; next }
    wanted && /^```sh$/ { inside = 1; next }
    inside && /^```$/ { exit }
    inside { print; some = 1 }
    END { if (!some) exit 1 }' "$1"
}
