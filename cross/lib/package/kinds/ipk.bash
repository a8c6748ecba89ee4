# Sourced by cross/package: OpenWrt packages for opkg (OpenWrt up to 24.10), made of static binaries and the files in
# openwrt/. Newer OpenWrt wants .apk, which its own SDK makes: openwrt/atalaya-agent/Makefile.
# shellcheck shell=bash disable=SC2154

# shellcheck source=cross/lib/package/archive.bash
. "$lib/archive.bash"

# What OpenWrt calls its architectures, and which static binary runs there.
ipk_architectures=(
  aarch64_cortex-a53:aarch64
  aarch64_cortex-a72:aarch64
  aarch64_generic:aarch64
  arm_cortex-a7_neon-vfpv4:armv7
  arm_cortex-a9_vfpv3-d16:armv7
  arm_cortex-a15_neon-vfpv4:armv7
  arm_xscale:armv5te
  x86_64:x86_64
)

package_ipk() { each_archive ipk ipk "${ipk_architectures[@]}"; }

# ipk ARCHITECTURE BINARY
ipk() {
  local folder=$work/ipk/$1 file=atalaya-agent_$version-r1_$1.ipk
  mkdir -p "$folder/data" "$folder/control" "$folder/outer"
  ipk_data "$2" "$folder/data"
  archive "$folder/data" . > "$folder/data.tar"
  ipk_control "$1" "$(stat --format=%s "$folder/data.tar")" "$folder/control"
  echo 2.0 > "$folder/outer/debian-binary"
  gzip --no-name < "$folder/data.tar" > "$folder/outer/data.tar.gz"
  archive "$folder/control" . | gzip --no-name > "$folder/outer/control.tar.gz"
  # opkg reads them in this order.
  archive "$folder/outer" ./debian-binary ./data.tar.gz ./control.tar.gz | gzip --no-name > "$out/$file"
  rm -rf "$folder"
  echo "$file"
}

# ipk_data BINARY FOLDER lays out what is installed. Modes are OpenWrt's: its configuration is root's alone.
ipk_data() {
  local files=$top/openwrt/atalaya-agent/files
  install -D -m 755 "$1" "$2/usr/bin/atalaya-agent"
  install -D -m 755 "$files/atalaya-agent.init" "$2/etc/init.d/atalaya-agent"
  install -D -m 600 "$files/atalaya.config" "$2/etc/config/atalaya"
  install -D -m 755 "$files/uci-to-toml" "$2/usr/lib/atalaya/uci-to-toml"
  install -D -m 644 "$files/atalaya.acl.json" "$2/usr/share/acl.d/atalaya.json"
  install -D -m 644 "$files/atalaya.keep" "$2/lib/upgrade/keep.d/atalaya-agent"
  terms agent "$2/usr/share/licenses/atalaya-agent"
  install -d -m 755 "$2/etc/atalaya"
  install -d -m 700 "$2/etc/atalaya/secrets"
}

# ipk_control ARCHITECTURE DATA_BYTES FOLDER
ipk_control() {
  cat > "$3/control" <<TEXT
Package: atalaya-agent
Version: $version-r1
Depends: ca-bundle
Source: feeds/atalaya/openwrt
SourceName: atalaya-agent
License: MIT OR Apache-2.0
Section: utils
Require-User: atalaya:atalaya
SourceDateEpoch: $SOURCE_DATE_EPOCH
Maintainer: Atalaya <packages@atalaya.invalid>
Architecture: $1
Installed-Size: $2
Description: Backups and monitoring for small machines
 Backs folders up, encrypted, into a repository on a disk or a mounted share,
 watches the machine, reports over MQTT, and keeps No-IP informed of its address.
TEXT
  echo /etc/config/atalaya > "$3/conffiles"
  ipk_stub postinst > "$3/postinst"
  ipk_stub prerm > "$3/prerm"
  chmod 644 "$3/control" "$3/conffiles"
  chmod 755 "$3/postinst" "$3/prerm"
}

# ipk_stub NAME: the maintainer scripts that all packages of OpenWrt have; what they do is the system's.
# shellcheck disable=SC2016
ipk_stub() {
  echo '#!/bin/sh'
  [ "$1" != postinst ] || echo '[ "${IPKG_NO_SCRIPT}" = "1" ] && exit 0'
  printf '%s\n' '[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0' '. ${IPKG_INSTROOT}/lib/functions.sh' "default_$1 \$0 \$@"
}
