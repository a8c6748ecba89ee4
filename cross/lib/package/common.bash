# Sourced by cross/package, whose $top, $lib, $bin, $out, $version, $all, $key and $work it uses: what every kind of
# package is made of.
# shellcheck shell=bash disable=SC2154

fail() {
  echo "cross/package: $*" >&2
  exit 2
}

absolute() { mkdir -p "$(dirname "$1")" && (cd "$(dirname "$1")" && printf '%s/%s\n' "$(pwd -P)" "$(basename "$1")"); }

# The same input gives the same bytes: every time stamp in a package is that of the last commit.
epoch() {
  SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct)}
  export SOURCE_DATE_EPOCH
}

# Architectures as binaries are filed, by Debian's names.
binary_architecture() {
  case $1 in
    arm64) echo aarch64 ;;
    armhf) echo armv7 ;;
    armel) echo armv5te ;;
    amd64) echo x86_64 ;;
    *) fail "there is no architecture $1" ;;
  esac
}

# architectures PROGRAM: those that it is packaged for.
architectures() {
  case $1 in
    agent) echo arm64 armhf armel amd64 ;;
    sidecar) echo arm64 armhf amd64 ;;
  esac
}

# binary PROGRAM ARCHITECTURE prints where it is; fails without one, and with --all ends everything.
binary() {
  local path
  path=$bin/$(binary_architecture "$2")/atalaya-$1
  if [ -x "$path" ]; then
    printf '%s\n' "$path"
  elif [ -n "$all" ]; then
    fail "there is no $path; make it with cross/build"
  else
    return 1
  fi
}

# each PROGRAM COMMAND… runs the command with each architecture that there is a binary for.
each() {
  local program=$1 arch some=
  shift
  for arch in $(architectures "$program"); do
    binary "$program" "$arch" > "$work/found" || { [ -z "$all" ] || exit 2; continue; }
    "$@" "$program" "$arch"
    some=1
  done
  [ -n "$some" ] || echo "no binary of atalaya-$program in $bin: left out"
}

# runnable PROGRAM prints the words that run a binary of it on this machine, a line each.
runnable() {
  local arch path
  for arch in $(architectures "$1"); do
    path=$bin/$(binary_architecture "$arch")/atalaya-$1
    [ -x "$path" ] || continue
    if "$path" --version > /dev/null 2>&1; then
      printf '%s\n' "$path"
      return
    fi
  done
  for arch in $(architectures "$1"); do
    path=$bin/$(binary_architecture "$arch")/atalaya-$1
    [ -x "$path" ] || continue
    case $arch in
      arm64) printf '%s\n' qemu-aarch64-static "$path" ;;
      arm*) printf '%s\n' qemu-arm-static "$path" ;;
      *) printf '%s\n' "qemu-x86_64-static" "$path" ;;
    esac
    return
  done
}

# notices PROGRAM makes those of the libraries that it is linked with once, and prints where they are: their licences ask that
# they come along with it.
notices() {
  local folder=$work/notices/$1
  if [ ! -d "$folder" ]; then
    mkdir -p "$folder"
    "$lib/notices" "$1" > "$folder/NOTICES" || fail "cannot say what atalaya-$1 is linked with"
    gzip -9 --no-name "$folder/NOTICES"
  fi
  printf '%s\n' "$folder/NOTICES.gz"
}

# terms PROGRAM FOLDER puts there what it may be passed on under: its own licences, and the notices of its libraries.
terms() {
  local file
  file=$(notices "$1")
  install -D -m 644 -t "$2" "$file" "$top/LICENSE-MIT" "$top/LICENSE-APACHE"
}

# documents PROGRAM makes its manual pages and completions once, in $work/documents/PROGRAM.
documents() {
  local program=$1 folder=$work/documents/$1 words shell
  [ ! -d "$folder" ] || return 0
  mapfile -t words < <(runnable "$program")
  mkdir -p "$folder/man"
  "${words[@]}" man "$folder/man" > /dev/null
  for shell in bash fish zsh; do
    "${words[@]}" completions "$shell" > "$folder/$shell"
  done
}

# stage PROGRAM ARCHITECTURE PREFIX FOLDER lays out what every package has, below FOLDER/PREFIX.
stage() {
  local program=$1 arch=$2 base=$4$3 name=atalaya-$1 file
  documents "$program"
  install -D -m 755 "$(binary "$program" "$arch")" "$base/bin/$name"
  install -D -m 644 -t "$base/share/man/man1" "$work/documents/$program/man"/*.1
  gzip -9 --no-name "$base/share/man/man1"/*.1
  install -D -m 644 "$work/documents/$program/bash" "$base/share/bash-completion/completions/$name"
  install -D -m 644 "$work/documents/$program/fish" "$base/share/fish/vendor_completions.d/$name.fish"
  install -D -m 644 "$work/documents/$program/zsh" "$base/share/zsh/vendor-completions/_$name"
  install -D -m 644 "$top/$program/src/config/example.toml" "$base/share/doc/$name/examples/$program.toml"
  file=$(notices "$program")
  install -D -m 644 "$file" "$base/share/doc/$name/NOTICES.gz"
}

# units PROGRAM: files of systemd/ that belong to it.
units() {
  case $1 in
    agent) echo atalaya-agent.service atalaya-job.socket atalaya-job@.service atalaya-smart.socket atalaya-smart.service ;;
    sidecar) echo atalaya-sidecar.service ;;
  esac
}

# stamped FOLDER gives everything below it the same time.
stamped() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

# manifest writes what is in $out, and signs it.
manifest() {
  local file manifest=$out/MANIFEST
  rm -f "$manifest" "$manifest.minisig" "$out/SHA256SUMS"
  (cd "$out" && find . -maxdepth 1 -type f -printf '%f\n' | LC_ALL=C sort | xargs -r sha256sum) > "$work/sums"
  install -m 644 "$work/sums" "$out/SHA256SUMS"
  {
    printf 'atalaya %s\nmade %s\n' "$version" "$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)"
    while read -r sum file; do
      printf 'sha256 %s %s %s\n' "$sum" "$(stat --format=%s "$out/$file")" "$file"
    done < "$work/sums"
  } > "$manifest"
  if [ -z "$key" ]; then
    echo "The manifest is not signed: give a key with --key FILE (minisign -G makes one)"
    return
  fi
  command -v minisign > /dev/null || fail "cannot sign the manifest: minisign is missing; install the package of that name"
  minisign -S -s "$key" -m "$manifest" -t "atalaya $version" || fail "cannot sign the manifest with $key"
}
