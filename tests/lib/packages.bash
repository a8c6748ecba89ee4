# Sourced by the scripts that need Debian packages.

# need_packages WHY PACKAGE… installs those that are missing, saying which.
need_packages() {
  local why=$1 missing=() package
  shift
  if ! command -v dpkg-query > /dev/null; then
    echo "This is no Debian: make sure that what these packages hold is there ($why): $*"
    return 0
  fi
  for package in "$@"; do
    dpkg-query --show --showformat='${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "Installing Debian packages ($why): ${missing[*]}"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo > /dev/null; then
      echo "cannot install them: neither root nor sudo; run as root: apt-get install ${missing[*]}" >&2
      return 1
    fi
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update --quiet=2
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}"
}

# need_rust looks for cargo where rustup puts it, too.
need_rust() {
  command -v cargo > /dev/null || PATH=$HOME/.cargo/bin:$PATH
  if ! command -v cargo > /dev/null; then
    echo "cannot build: Rust is not installed; see https://rustup.rs (1.90 or newer is needed)" >&2
    return 1
  fi
}

# need_compiler: zstd and ring have parts in C.
need_compiler() {
  if ! printf '#include <stdio.h>\nint main(void) { return 0; }\n' | cc -x c -o /dev/null - 2> /dev/null; then
    need_packages "a C compiler for zstd and ring" gcc libc6-dev
  fi
}
