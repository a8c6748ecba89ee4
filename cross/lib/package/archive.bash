# Sourced by what makes packages: what they are called, and archives whose bytes depend on their content alone.

: "${top:?}"
# Modes come from here and not from whoever runs it.
umask 022
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$top/Cargo.toml" | head -n 1)
# shellcheck disable=SC2034
maintainer='Atalaya maintainers <maintainers@atalaya.example>'
: "${SOURCE_DATE_EPOCH:=$(git -C "$top" log -1 --format=%ct 2> /dev/null || echo 0)}"
export SOURCE_DATE_EPOCH version

# archive DIR MEMBER… writes a tar archive of members of DIR, in this order, all of them root's.
archive() {
  local dir=$1
  shift
  tar --create --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --directory="$dir" "$@"
}
