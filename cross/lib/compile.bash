# Sourced by cross/build: one binary, and the same one again.

# compile ROUTE PROGRAM TARGET SOURCES FOLDER BINARY builds PROGRAM from SOURCES with $profile, and FOLDER for what is between.
# What is shipped of an agent has a profile of its own, for size.
# A call of cargo for each program: features that the sidecar asks of libraries would grow the agent.
compile() {
  # shellcheck disable=SC2154
  local route=$1 program=$2 triple sources=$4 folder=$5 binary=$6 name unset=() as=$profile
  triple=$(triple_of "$3")
  # The same bytes whatever whoever calls this has set for builds of another kind.
  for name in RUSTFLAGS CARGO_TARGET_DIR CARGO_BUILD_TARGET $(compgen -e CARGO_PROFILE_); do unset+=("--unset=$name"); done
  case "$program $profile" in agent*\ release) as=small ;; esac
  local words=(zigbuild --profile "$as" --locked --quiet --target "$triple" --target-dir "$folder" --package "atalaya-${program%-slim}")
  [ "$program" != agent-slim ] || words+=(--no-default-features --features sftp)
  local settings=(
    "PATH=$tools/bin:$PATH"
    "CARGO_ZIGBUILD_CACHE_DIR=$folder/zigbuild"
    "ZIG_GLOBAL_CACHE_DIR=$folder/zig"
    "CARGO_ENCODED_RUSTFLAGS=$(rust_flags "$route" "$sources" "$folder")"
    "TARGET_CFLAGS=$(c_flags "$sources" "$folder")"
  )
  if [ "$route" = debian ]; then
    # Building the standard library is allowed to nightly compilers, and to those that are told to be one.
    settings+=(RUSTC=/usr/bin/rustc CARGO=/usr/bin/cargo RUSTC_BOOTSTRAP=1)
    # A panic says its line. What would name the functions that led there finds no names in a stripped binary.
    words+=('-Zbuild-std=std,panic_abort' '-Zbuild-std-features=panic-unwind,optimize_for_size')
  fi
  (cd "$sources" && env "${unset[@]}" "${settings[@]}" cargo-zigbuild "${words[@]}")
  mkdir -p "${binary%/*}"
  install -m 755 "$folder/$triple/$as/atalaya-${program%-slim}" "$binary"
}

# same_names SOURCES FOLDER prints "FROM=TO" for each folder whose name would get into the binary. The last that fits counts.
same_names() {
  local registry
  echo "$1=/atalaya"
  for registry in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do echo "$registry=/crates"; done
  echo "$2=/build"
}

# rust_flags ROUTE SOURCES FOLDER prints them as cargo wants them, so that blanks in names do no harm.
rust_flags() {
  local flags='' pair
  # Debian's compiler brings no start files for musl; zig does.
  [ "$1" != debian ] || flags=-Clink-self-contained=no$'\x1f'
  # What unwinds then needs a third less of tables, and the code does not grow.
  flags+=-Cforce-frame-pointers=yes$'\x1f'
  while read -r pair; do flags+=--remap-path-prefix=$pair$'\x1f'; done < <(same_names "$2" "$3")
  printf %s "${flags%$'\x1f'}"
}

# What zstd has for levels and sizes that nothing here asks for: a repository is written with its third level, whose only
# strategies are "fast" and "dfast". What is written is the same, and what can be read, too.
zstd_without=(GREEDY LAZY LAZY2 BTLAZY2 BTOPT BTULTRA)

# What it has twice: for processors that are newer, and for data that is read a little quicker so.
zstd_once=(DYNAMIC_BMI2=0 HUF_FORCE_DECOMPRESS_X1 ZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT)

# c_flags SOURCES FOLDER does the same for what is written in C; cc knows no way to write a blank.
c_flags() {
  local pair
  printf -- '-DZSTD_EXCLUDE_%s_BLOCK_COMPRESSOR ' "${zstd_without[@]}"
  printf -- '-D%s ' "${zstd_once[@]}"
  # No panic passes through C.
  printf -- '-fno-asynchronous-unwind-tables -fno-unwind-tables '
  while read -r pair; do
    case $pair in *' '*) ;; *) printf '%s ' "-ffile-prefix-map=$pair" ;; esac
  done < <(same_names "$1" "$2")
}

# compare_with_another ROUTE PROGRAM TARGET SOURCES FOLDER BINARY builds it from a copy of the sources beside FOLDER,
# everything anew, and fails where a byte differs.
compare_with_another() {
  local elsewhere
  elsewhere=$(mktemp -d "$5-again-XXXXXX")
  mkdir "$elsewhere/the-sources"
  (cd "$4" && cp -R Cargo.toml Cargo.lock agent crates docs sidecar tests "$elsewhere/the-sources")
  compile "$1" "$2" "$3" "$elsewhere/the-sources" "$elsewhere/the-build" "$elsewhere/binary"
  if ! cmp "$6" "$elsewhere/binary"; then
    echo "cross/build: $6 is not reproducible: $elsewhere/binary was built from the same sources and differs" >&2
    return 1
  fi
  rm -rf "$elsewhere"
  echo "   built twice, same bytes"
}
