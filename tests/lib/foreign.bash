# Sourced by what runs the programs of another machine as if they were this one's: the kernel hands them to an emulator, and
# does so in a namespace of its own, so that nothing else on this machine sees that (Linux 6.7 or newer).

# emulated_by ARCHITECTURE prints what Debian's emulator calls the machine that Debian calls so.
emulated_by() {
  case $1 in
    arm64) echo aarch64 ;;
    armhf | armel) echo arm ;;
    *) return 1 ;;
  esac
}

# with_emulator ARCHITECTURE COMMAND… runs the command, as root of such a namespace, where programs of ARCHITECTURE run.
with_emulator() {
  local rule wait before pid
  rule=/usr/lib/binfmt.d/qemu-$(emulated_by "$1").conf
  shift
  wait=$(mktemp --dry-run "${TMPDIR:-/tmp}/atalaya-foreign.XXXXXX")
  mkfifo --mode=600 "$wait"
  before=$(readlink /proc/self/ns/user)
  # Users are written down from outside; what is started after that is root in there.
  # shellcheck disable=SC2016
  unshare --user sh -c '
    read -r _ < "$1"
    rule=$2
    shift 2
    exec unshare --mount --propagation private sh -ec "
      mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
      head -n 1 \"\$0\" > /proc/sys/fs/binfmt_misc/register
      exec \"\$@\"" "$rule" "$@"' sh "$wait" "$rule" "$@" &
  pid=$!
  while [ "$(readlink "/proc/$pid/ns/user")" = "$before" ]; do sleep 0.01; done
  if kill -0 "$pid" 2> /dev/null; then
    echo '0 0 65536' > "/proc/$pid/uid_map"
    echo '0 0 65536' > "/proc/$pid/gid_map"
    echo > "$wait"
  fi
  rm -f "$wait"
  wait "$pid"
}

# may_emulate ARCHITECTURE tells whether that works here.
may_emulate() { [ "$(id -u)" -eq 0 ] && with_emulator "$1" true 2> /dev/null; }
