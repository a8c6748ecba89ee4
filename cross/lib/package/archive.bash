# Sourced by kinds of packages that are archives: made so that their bytes depend on their content alone.
# shellcheck shell=bash disable=SC2154

# each_archive KIND COMMAND NAME:BINARY… runs the command with each name and the agent's binary for it, where there is one.
each_archive() {
  local kind=$1 command=$2 pair binary some=
  shift 2
  for pair in "$@"; do
    binary=$bin/${pair#*:}/atalaya-agent
    if [ -x "$binary" ]; then
      "$command" "${pair%:*}" "$binary"
      some=1
    elif [ -n "$all" ]; then
      fail "there is no $binary; make it with cross/build"
    fi
  done
  [ -n "$some" ] || echo "no binary of atalaya-agent that is wanted in $bin: no .$kind"
}

# archive DIR MEMBER… writes a tar archive of members of DIR, in this order, all of them root's.
archive() {
  local dir=$1
  shift
  tar --create --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --directory="$dir" "$@"
}
