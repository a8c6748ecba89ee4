# Units are enabled and started as Debian's own helpers do it: what the administrator switched off stays off, and
# policy-rc.d is heard. Without systemd running, as in a chroot, nothing is started.
running() { [ -d /run/systemd/system ]; }

enable_unit() {
  deb-systemd-helper unmask "$1" > /dev/null || true
  if deb-systemd-helper --quiet was-enabled "$1"; then
    deb-systemd-helper enable "$1" > /dev/null || true
  else
    # So that it is known when the package goes.
    deb-systemd-helper update-state "$1" > /dev/null || true
  fi
}

start_or_restart() {
  running || return 0
  if [ -n "$1" ]; then action=restart; else action=start; fi
  shift
  deb-systemd-invoke $action "$@" > /dev/null || true
}

reload_manager() { ! running || systemctl --system daemon-reload > /dev/null || true; }

# Folders that hold anything are left, and named.
leave() {
  [ -d "$1" ] || return 0
  rmdir "$1" 2> /dev/null || echo "$1 is left: $2" >&2
}

remove_user() {
  getent passwd "$1" > /dev/null || return 0
  userdel "$1" > /dev/null 2>&1 || deluser --quiet --system "$1" || echo "the user $1 could not be removed" >&2
}
