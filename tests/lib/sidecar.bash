# Sourced by the scripts that start a sidecar. They need python3.

# free_port prints a port that nobody listens on.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# until_true TENTHS COMMAND… waits for the command to succeed.
until_true() {
  local left=$1
  shift
  until "$@" > /dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 0.1
  done
}

# answers WEB tells whether a sidecar with pages at that port is well.
answers() { python3 -c 'import sys, urllib.request as r; r.urlopen(f"http://127.0.0.1:{sys.argv[1]}/health")' "$1"; }

# start_sidecar DIR WEB MQTT starts one that keeps its state and its log in DIR, and waits until it answers. Its process is
# $sidecar, for whoever ends it.
start_sidecar() {
  atalaya-sidecar run --state-dir "$1/state" --listen "127.0.0.1:$2" --broker-listen "127.0.0.1:$3" > "$1/log" 2>&1 &
  # shellcheck disable=SC2034
  sidecar=$!
  until_true 100 answers "$2"
}

# play_fleet DIR MQTT has a fleet played to the broker at that port, and waits until all of it was told. Its process is $fleet;
# it goes on until descriptor 3 is closed.
play_fleet() {
  mkfifo "$1/fleet"
  python3 "$(dirname "${BASH_SOURCE[0]}")/../browser/fleet.py" "$2" < "$1/fleet" > "$1/played" &
  # shellcheck disable=SC2034
  fleet=$!
  exec 3> "$1/fleet"
  until_true 300 grep -q ready "$1/played"
}
