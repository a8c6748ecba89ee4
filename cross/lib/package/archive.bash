# Sourced by kinds of packages that are archives: made so that their bytes depend on their content alone.
# shellcheck shell=bash

# archive DIR MEMBER… writes a tar archive of members of DIR, in this order, all of them root's.
archive() {
  local dir=$1
  shift
  tar --create --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --directory="$dir" "$@"
}
