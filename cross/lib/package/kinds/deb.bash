# Debian packages: binaries are there and static, so that dpkg-deb is all that is needed.
# shellcheck shell=bash disable=SC2154

package_deb() {
  command -v dpkg-deb > /dev/null || fail "cannot make Debian packages: dpkg-deb is missing; install the package dpkg"
  each agent one_deb
  each sidecar one_deb
}

one_deb() {
  local program=$1 arch=$2 name=atalaya-$1 unit
  local root=$work/deb/$1-$2 file=${out}/atalaya-$1_${version}_$2.deb
  stage "$program" "$arch" /usr "$root"
  for unit in $(units "$program"); do
    install -D -m 644 "$top/systemd/$unit" "$root/lib/systemd/system/$unit"
  done
  install -D -m 644 "$top/systemd/$name.sysusers.conf" "$root/usr/lib/sysusers.d/$name.conf"
  install -D -m 644 "$top/systemd/$name.tmpfiles.conf" "$root/usr/lib/tmpfiles.d/$name.conf"
  [ "$program" != agent ] ||
    install -D -m 755 "$top/systemd/atalaya-generator" "$root/lib/systemd/system-generators/atalaya-generator"
  install -D -m 644 "$lib/config/$program.toml" "$root/etc/atalaya/$program.toml"
  deb_documents "$program" "$root/usr/share/doc/$name"
  install -D -m 644 "$lib/debian/$program/lintian-overrides" "$root/usr/share/lintian/overrides/$name"
  deb_control "$program" "$arch" "$root"
  stamped "$root"
  dpkg-deb --root-owner-group -Zxz --build "$root" "$file" > /dev/null
  rm -rf "$root"
  echo "${file#"$top"/}"
}

deb_documents() {
  local program=$1 doc=$2 date
  install -D -m 644 "$lib/debian/copyright" "$doc/copyright"
  date=$(LC_ALL=C date --utc --date="@$SOURCE_DATE_EPOCH" --rfc-email)
  sed -e "s/@program@/$program/" -e "s/@version@/$version/" -e "s/@date@/$date/" "$lib/debian/changelog" |
    gzip -9 --no-name > "$doc/changelog.gz"
  chmod 644 "$doc/changelog.gz"
}

deb_control() {
  local program=$1 arch=$2 root=$3 script
  install -d "$root/DEBIAN"
  # In KiB, each file rounded up, as dpkg does it.
  local size
  size=$(find "$root" -path "$root/DEBIAN" -prune -o -type f -printf '%s\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
  sed -e "s/@version@/$version/" -e "s/@arch@/$arch/" -e "s/@size@/$size/" "$lib/debian/$program/control" > "$root/DEBIAN/control"
  (cd "$root" && find etc -type f -printf '/%p\n' | LC_ALL=C sort) > "$root/DEBIAN/conffiles"
  (cd "$root" && find . -path ./DEBIAN -prune -o -path ./etc -prune -o -type f -printf '%P\n' | LC_ALL=C sort | xargs md5sum) > "$root/DEBIAN/md5sums"
  for script in postinst prerm postrm; do
    # What both programs' scripts have in common stands before each.
    sed -e "/^#SHARED#$/{r $lib/debian/shared.sh" -e 'd}' "$lib/debian/$program/$script" > "$root/DEBIAN/$script"
    chmod 755 "$root/DEBIAN/$script"
  done
  chmod 644 "$root/DEBIAN/control" "$root/DEBIAN/conffiles" "$root/DEBIAN/md5sums"
}
