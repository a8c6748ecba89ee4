# Sourced by cross/build: whether a binary is what it should be.

# verify PROGRAM TARGET BINARY fails, and says why, if it is not. Its size counts where $profile is what is shipped.
verify() {
  local binary=$3 most size
  wrong() { echo "cross/build: $binary $*" >&2; return 1; }
  has() { readelf --wide "$1" "$binary" | grep -E "$2" > /dev/null; }

  has --file-header "Machine: +$(machine_of "$2")\$" || wrong "is for another machine than $2" || return
  ! has --program-headers ' INTERP ' || wrong "is not static: it asks for an interpreter" || return
  ! has --dynamic '\(NEEDED\)' || wrong "is not static: it asks for libraries" || return
  ! has --section-headers ' \.(symtab|debug_[a-z]+) ' || wrong "is not stripped" || return
  case $2 in
    armv7)
      has --arch-specific 'Tag_CPU_arch: v7' || wrong "is not for ARMv7" || return
      has --arch-specific 'Tag_ABI_VFP_args: VFP registers' || wrong "is not for hard floating point" || return
      ! has --arch-specific 'Tag_Advanced_SIMD_arch' || wrong "wants NEON, which not every ARMv7 has" || return
      ;;
    armv5te)
      has --arch-specific 'Tag_CPU_arch: v5' || wrong "is not for ARMv5" || return
      ! has --arch-specific 'Tag_(FP|Advanced_SIMD)_arch' || wrong "wants floating point, which no ARMv5 has" || return
      ;;
  esac
  # shellcheck disable=SC2154
  [ "$profile" = release ] || return 0
  most=$(bytes_max "$1") size=$(stat --format=%s "$binary")
  if [ "$most" != - ] && [ "$size" -gt "$most" ]; then
    wrong "has $size bytes, more than its $most"
  fi
}
