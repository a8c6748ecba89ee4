# Sourced by cross/build: compilers, where they come from, and which of them a target is built with.

# Others may make other bytes: change them together with the sizes in docs/cross.md.
ziglang=0.15.2
zigbuild=0.24.0

# The standard library's source where Debian's compiler looks for it.
debian_std=/usr/lib/rustlib/src/rust/library

# route_of TARGET prints "rustup" where its toolchain has the target, else "debian".
route_of() {
  if command -v rustup > /dev/null && rustup target list --installed 2> /dev/null | grep -x "$(triple_of "$1")" > /dev/null; then
    echo rustup
  else
    echo debian
  fi
}

# say_route ROUTE explains it.
say_route() {
  case $1 in
    rustup) echo "rustup's $(rustc --version | cut -d ' ' -f 2) and its target" ;;
    debian) echo "Debian's rustc $(/usr/bin/rustc --version | cut -d ' ' -f 2), which builds the standard library too" ;;
  esac
}

# prepare_tools OUT TARGET… installs what is missing, below OUT where that is possible.
prepare_tools() {
  local out=$1 target packages=(binutils python3 python3-venv)
  shift
  for target in "$@"; do
    [ "$(route_of "$target")" = rustup ] || packages+=(rustc-web cargo-web rust-web-src)
  done
  need_packages "compilers for other machines, and what looks at binaries" "${packages[@]}"
  case " ${packages[*]} " in
    *' rustc-web '*)
      if [ ! -x /usr/bin/rustc ] || [ ! -x /usr/bin/cargo ] || [ ! -d "$debian_std" ]; then
        echo "cannot build: neither rustup's targets nor Debian's rustc with its sources; run: rustup target add $(triple_of "$1")" >&2
        return 1
      fi
      ;;
  esac
  tools=$out/tools-$ziglang-$zigbuild
  if [ ! -e "$tools/complete" ]; then
    echo "Installing from PyPI: ziglang $ziglang, cargo-zigbuild $zigbuild"
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "ziglang==$ziglang" "cargo-zigbuild==$zigbuild"
    touch "$tools/complete"
  fi
}
