# Sourced by cross/package: packages for Synology's DSM 7, made of static binaries and the files in cross/synology/.
# shellcheck shell=bash disable=SC2154

# shellcheck source=cross/lib/package/archive.bash
. "$lib/archive.bash"

# spk_platforms FAMILY prints what DSM calls the machines, those whose DSM 7 has a kernel of 3.10 or later.
spk_platforms() {
  case $1 in
    armv7) echo alpine alpine4k armada38x monaco ;;
    armv8) echo rtd1296 rtd1619b armada37xx ;;
  esac
}

package_spk() {
  command -v python3 > /dev/null || fail "cannot draw the icons of the .spk: python3 is missing; install the package of that name"
  each_archive spk spk armv7:armv7 armv8:aarch64
}

# spk FAMILY BINARY
spk() {
  local folder=$work/spk/$1 from=$top/cross/synology number file
  # DSM compares numbers between dots, hyphens and underscores.
  number=$(printf '%s\n' "$version" | sed 's/[^0-9.][^0-9.]*/_/g')-1
  file=atalaya-agent_${number}_$1.spk
  mkdir -p "$folder/inner" "$folder/outer"
  install -D -m 755 "$2" "$folder/inner/bin/atalaya-agent"
  install -D -m 755 "$from/lib/supervise" "$folder/inner/lib/supervise"
  install -D -m 644 "$from/lib/places" "$folder/inner/lib/places"
  install -D -m 644 "$from/agent.toml" "$folder/inner/share/agent.toml"
  terms agent "$folder/inner/share/licenses"
  archive "$folder/inner" bin lib share | gzip --no-name > "$folder/outer/package.tgz"
  install -D -m 755 -t "$folder/outer/scripts" "$from/scripts"/*
  install -D -m 644 -t "$folder/outer/conf" "$from/conf"/*
  spk_icons
  cp "$work/icons"/* "$folder/outer"
  spk_info "$1" "$number" "$folder/outer" > "$folder/INFO"
  mv "$folder/INFO" "$folder/outer/INFO"
  archive "$folder/outer" INFO package.tgz scripts conf PACKAGE_ICON.PNG PACKAGE_ICON_256.PNG > "$out/$file"
  rm -rf "$folder"
  echo "$file"
}

# spk_icons draws them once, into $work/icons.
spk_icons() {
  [ ! -d "$work/icons" ] || return 0
  mkdir "$work/icons"
  "$top/cross/synology/icon" 64 > "$work/icons/PACKAGE_ICON.PNG"
  "$top/cross/synology/icon" 256 > "$work/icons/PACKAGE_ICON_256.PNG"
}

# spk_info FAMILY VERSION FOLDER. No value may have a quote in it.
spk_info() {
  cat <<TEXT
package="atalaya-agent"
version="$2"
os_min_ver="7.0-40000"
arch="$(spk_platforms "$1")"
displayname="Atalaya"
description="Backs shared folders up, encrypted, and watches this NAS, reporting over MQTT. DSM lets a package see what its own user may see: backups hold what the internal user atalaya-agent was given leave to read, the health of disks (SMART) and the system's logs are not looked at, and a folder's owner and rights are only restored as far as that user may set them."
maintainer="Atalaya"
startable="yes"
ctl_stop="yes"
support_conf_folder="yes"
silent_install="yes"
silent_upgrade="yes"
silent_uninstall="yes"
checksum="$(md5sum "$3/package.tgz" | cut -d ' ' -f 1)"
TEXT
}
