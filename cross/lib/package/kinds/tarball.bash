# Archives with an installer, for machines that have no package manager, or none that we know.
# shellcheck shell=bash disable=SC2154

package_tarball() {
  each agent one_tarball
  each sidecar one_tarball
}

one_tarball() {
  local program=$1 arch=$2 unit base=atalaya-$1-$version-linux-$2
  local root=$work/tarball/$base file=$out/$base.tar.gz
  stage "$program" "$arch" "" "$root"
  for unit in $(units "$program"); do
    install -D -m 644 "$top/systemd/$unit" "$root/systemd/$unit"
  done
  [ "$program" != agent ] || install -D -m 755 "$top/systemd/atalaya-generator" "$root/systemd/atalaya-generator"
  install -m 755 "$lib/tarball/install.sh" "$root/install.sh"
  sed "s|/usr/share/doc|/usr/local/share/doc|" "$lib/config/$program.toml" > "$root/$program.toml"
  echo "$program" > "$root/PROGRAM"
  install -m 644 "$top/LICENSE-MIT" "$top/LICENSE-APACHE" "$root"
  stamped "$root"
  tar --create --directory "$work/tarball" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu \
    --mode=u=rwX,go=rX "$base" | gzip -9 --no-name > "$file"
  rm -rf "$root"
  echo "${file#"$top"/}"
}
