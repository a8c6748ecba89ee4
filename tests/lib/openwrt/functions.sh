# shellcheck shell=dash disable=SC2034,SC2013,SC3045
# What of OpenWrt's /lib/functions.sh our scripts and its package manager's use, imitated for tests: the same names,
# arguments and effects, on the files of a stub root. It runs in busybox' ash alone, as there.

# What `uci export` prints is run as a script, whose commands are these three.
package() { :; }

config() {
  CONFIG_SECTION=$2
  CONFIG_SECTIONS="$CONFIG_SECTIONS $2"
  config_set "$2" TYPE "$1"
  config_cb "$1" "$2"
}

option() {
  config_set "$CONFIG_SECTION" "$1" "$2"
  option_cb "$1" "$2"
}

list() {
  local count joined
  config_get count "$CONFIG_SECTION" "$1_LENGTH" 0
  config_get joined "$CONFIG_SECTION" "$1"
  count=$((count + 1))
  CONFIG_LISTS="$CONFIG_LISTS ${CONFIG_SECTION}_$1"
  config_set "$CONFIG_SECTION" "$1_LENGTH" "$count"
  config_set "$CONFIG_SECTION" "$1_ITEM$count" "$2"
  config_set "$CONFIG_SECTION" "$1" "$joined${joined:+ }$2"
  list_cb "$1" "$2"
}

config_cb() { :; }
option_cb() { :; }
list_cb() { :; }

config_unset() { config_set "$1" "$2" ''; }

config_set() { export -n -- "CONFIG_$1_$2=$3"; }

config_get() {
  case $2$3 in *[!A-Za-z0-9_]*) return 0 ;; esac
  eval "export -n -- \"$1=\${CONFIG_$2_$3:-\$4}\""
}

config_get_bool() {
  local value
  config_get value "$2" "$3" "$4"
  case $value in
    1 | on | true | yes | enabled) value=1 ;;
    0 | off | false | no | disabled) value=0 ;;
    *) value=$4 ;;
  esac
  export -n -- "$1=$value"
}

# As there, what an earlier file said of a section of the same name stays, but for lists.
config_load() {
  local text one
  for one in $CONFIG_LISTS; do export -n -- "CONFIG_$one=" "CONFIG_${one}_LENGTH="; done
  CONFIG_SECTIONS='' CONFIG_SECTION='' CONFIG_LISTS=''
  text=$(uci export "$1") || return 1
  eval "$text"
  ${CONFIG_SECTION:+config_cb}
}

config_foreach() {
  local function=$1 type=$2 section kind
  shift 2
  for section in $CONFIG_SECTIONS; do
    config_get kind "$section" TYPE
    [ "$kind" != "$type" ] || "$function" "$section" "$@"
  done
}

config_list_foreach() {
  local section=$1 option=$2 function=$3 count value at=1
  shift 3
  config_get count "$section" "${option}_LENGTH" 0
  while [ "$at" -le "$count" ]; do
    config_get value "$section" "${option}_ITEM$at"
    "$function" "$value" "$@"
    at=$((at + 1))
  done
}

list_contains() {
  local words
  eval "words=\" \$$1 \""
  [ "${words%% "$2" *}" != "$words" ]
}

# What opkg's scripts call: users first, then every init script of the package enabled and started.
default_postinst() {
  local name info=/usr/lib/opkg/info pair user script
  name=${1##*/}
  name=${name%.*}
  for pair in $(sed -n 's/^Require-User: *//p' "$info/$name.control"); do
    user=${pair%%:*}
    grep "^$user:" /etc/group > /dev/null || echo "$user:x:32768:" >> /etc/group
    grep "^$user:" /etc/passwd > /dev/null || echo "$user:x:32768:32768:$user:/var/run/$user:/bin/false" >> /etc/passwd
  done
  for script in $(grep '^/etc/init.d/' "$info/$name.list"); do
    [ "${PKG_UPGRADE:-}" = 1 ] || "$script" enable
    "$script" start
  done
}

default_prerm() {
  local name script
  name=${1##*/}
  name=${name%.*}
  for script in $(grep '^/etc/init.d/' "/usr/lib/opkg/info/$name.list"); do
    [ "${PKG_UPGRADE:-}" = 1 ] || "$script" disable
    "$script" stop
  done
}
