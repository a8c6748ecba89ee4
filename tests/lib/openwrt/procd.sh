# shellcheck shell=dash disable=SC2154
# OpenWrt's procd and the functions that speak to it, imitated for tests. What a service is to be stands in
# /tmp/procd/NAME: a line for each parameter. A service that is set without an instance ends; one that is set as it was
# goes on; another one ends and begins. Nobody starts again what ended: that is for the test to look at.

procd_open_service() {
  procd_service=$1
  mkdir -p /tmp/procd
  : > "/tmp/procd/$1.new"
}
procd_open_instance() { procd_env=''; }
procd_close_instance() { :; }

procd_set_param() {
  local kind=$1
  shift
  echo "$kind $*" >> "/tmp/procd/$procd_service.new"
  [ "$kind" != command ] || procd_command="$*"
  [ "$kind" != env ] || procd_env=$1
  [ "$kind" != pidfile ] || procd_pidfile=$1
  [ "$kind" != user ] || procd_user=$1
}

procd_add_reload_trigger() { echo "config.change $*" >> "/tmp/procd/$procd_service.triggers"; }
procd_add_reload_interface_trigger() { echo "interface.* $1" >> "/tmp/procd/$procd_service.triggers"; }

procd_pid() { cat "/tmp/procd/$1.pid" 2> /dev/null; }

procd_kill() {
  local pid left=450
  pid=$(procd_pid "$1") || return 0
  kill "$pid" 2> /dev/null
  while kill -0 "$pid" 2> /dev/null && [ "$left" -gt 0 ]; do
    left=$((left - 1))
    usleep 100000
  done
  rm -f "/tmp/procd/$1" "/tmp/procd/$1.pid" "$(sed -n 's/^pidfile //p' "/tmp/procd/$1")"
}

procd_close_service() {
  local service=/tmp/procd/$procd_service
  : > "$service.triggers"
  service_triggers
  if [ ! -s "$service.new" ]; then
    procd_kill "$procd_service"
  elif ! procd_pid "$procd_service" > /dev/null || ! cmp -s "$service.new" "$service"; then
    procd_kill "$procd_service"
    mv "$service.new" "$service"
    # shellcheck disable=SC2086 # Words of the command, none of which has blanks here.
    env ${procd_env:+"$procd_env"} setpriv --reuid "$procd_user" --regid atalaya --clear-groups --no-new-privs $procd_command >> /tmp/log 2>&1 < /dev/null &
    echo $! > "$service.pid"
    cp "$service.pid" "$procd_pidfile"
  fi
  rm -f "$service.new"
}
