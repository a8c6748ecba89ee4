#!/bin/sh
# Installs the program of this folder: for the machine if root runs it, else for whoever does.
#
#   ./install.sh               installs, or upgrades; configuration and state stay as they are
#   ./install.sh --uninstall   removes what it installed; configuration, state and backups stay
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
program=$(cat "$here/PROGRAM")
name=atalaya-$program
action=install
case ${1:-} in
  '') ;;
  --uninstall) action=uninstall ;;
  *) echo "usage: ./install.sh [--uninstall]" >&2; exit 2 ;;
esac

if [ "$(id -u)" -eq 0 ]; then
  prefix=/usr/local
  config=/etc/atalaya
else
  : "${HOME:?cannot tell where to install: HOME is not set}"
  prefix=$HOME/.local
  config=${XDG_CONFIG_HOME:-$HOME/.config}/atalaya
fi
units=/etc/systemd/system
generator=/etc/systemd/system-generators/atalaya-generator

has_systemd() { [ "$(id -u)" -eq 0 ] && [ -d /etc/systemd ] && command -v systemctl > /dev/null 2>&1; }
running() { [ -d /run/systemd/system ]; }

# put FILE TARGET MODE: never half of a file, and never into a program that runs.
put() {
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2.new"
  chmod "$3" "$2.new"
  mv -f "$2.new" "$2"
}

documents() {
  (cd "$here/share" && find . -type f) | sed 's|^\./||'
}

add_user() {
  id "$1" > /dev/null 2>&1 && return 0
  if command -v systemd-sysusers > /dev/null 2>&1; then
    systemd-sysusers --inline "u $1 - \"Atalaya\" /var/lib/$1"
  elif command -v useradd > /dev/null 2>&1; then
    useradd --system --user-group --home-dir "/var/lib/$1" --shell /usr/sbin/nologin "$1"
  else
    addgroup -S "$1" && adduser -S -D -H -h "/var/lib/$1" -s /bin/false -G "$1" "$1"
  fi
}

own() {
  mkdir -p "$1"
  chown "$2:$2" "$1"
  chmod "$3" "$1"
}

install_units() {
  for unit in "$here"/systemd/*.service "$here"/systemd/*.socket; do
    [ -e "$unit" ] || continue
    sed 's|/usr/bin/atalaya|/usr/local/bin/atalaya|' "$unit" > "$unit.new"
    put "$unit.new" "$units/$(basename "$unit")" 644
    rm -f "$unit.new"
  done
  if [ -e "$here/systemd/atalaya-generator" ]; then
    sed 's|/usr/bin/atalaya|/usr/local/bin/atalaya|' "$here/systemd/atalaya-generator" > "$here/generator.new"
    put "$here/generator.new" "$generator" 755
    rm -f "$here/generator.new"
  fi
  running || return 0
  systemctl daemon-reload
  case $program in
    agent) systemctl enable --now atalaya-job.socket atalaya-smart.socket ;;
  esac
  systemctl enable "$name.service"
  systemctl restart "$name.service"
}

install_for_machine() {
  mkdir -p "$config"
  case $program in
    agent)
      add_user atalaya
      add_user atalaya-job
      own /var/lib/atalaya atalaya 750
      own /var/lib/atalaya-job atalaya-job 700
      secrets=$config/secrets
      group=atalaya
      ;;
    *)
      add_user "$name"
      own "/var/lib/$name" "$name" 700
      secrets=$config/sidecar-secrets
      group=$name
      ;;
  esac
  mkdir -p "$secrets"
  chmod 700 "$secrets"
  if [ ! -e "$config/$program.toml" ]; then
    put "$here/$program.toml" "$config/$program.toml" 640
    chgrp "$group" "$config/$program.toml"
  fi
  if has_systemd; then
    install_units
  else
    echo "There is no systemd here: have the machine run this at boot, as the user $group"
    echo "  $prefix/bin/$name run --config $config/$program.toml"
  fi
}

install_for_user() {
  if [ ! -e "$config/$program.toml" ]; then
    sed "s|/var/lib/|$HOME/.local/state/|" "$here/$program.toml" > "$here/config.new"
    put "$here/config.new" "$config/$program.toml" 600
    rm -f "$here/config.new"
  fi
  echo "It sees and backs up what you may read. To have it run from boot on: crontab -e, and this line"
  echo "  @reboot $prefix/bin/$name run --config $config/$program.toml"
}

if [ "$action" = uninstall ]; then
  if has_systemd; then
    for unit in "$here"/systemd/*.service "$here"/systemd/*.socket; do
      [ -e "$unit" ] || continue
      unit=$(basename "$unit")
      case $unit in *@*) ;; *) ! running || systemctl disable --now "$unit" 2> /dev/null || true ;; esac
      rm -f "$units/$unit"
    done
    [ ! -e "$here/systemd/atalaya-generator" ] || rm -f "$generator"
    ! running || systemctl daemon-reload
  fi
  documents | while read -r file; do rm -f "$prefix/share/$file"; done
  rm -f "$prefix/bin/$name"
  echo "Removed $name. Configuration in $config, state and backups are left."
  exit 0
fi

put "$here/bin/$name" "$prefix/bin/$name" 755
documents | while read -r file; do put "$here/share/$file" "$prefix/share/$file" 644; done
if [ "$(id -u)" -eq 0 ]; then install_for_machine; else install_for_user; fi
echo "Installed $("$prefix/bin/$name" --version) in $prefix"
