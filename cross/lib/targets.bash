# Sourced by cross/build and by what needs its targets: what there is, and what holds for each.

# The order is the one they are built in.
# shellcheck disable=SC2034
targets=(armv7 aarch64 x86_64 armv5te)

# triple_of TARGET prints what compilers call it.
triple_of() {
  case $1 in
    # Hard-float, and no NEON: Marvell's Armada 370 and XP have none.
    armv7) echo armv7-unknown-linux-musleabihf ;;
    aarch64) echo aarch64-unknown-linux-musl ;;
    x86_64) echo x86_64-unknown-linux-musl ;;
    # Kirkwood: no floating point at all, and no atomic instructions.
    armv5te) echo armv5te-unknown-linux-musleabi ;;
    *) return 1 ;;
  esac
}

# is_built PROGRAM TARGET: a sidecar wants more memory than machines of ARMv5 have.
is_built() { [ "$1 $2" != "sidecar armv5te" ]; }

# bytes_max PROGRAM prints the most that a binary may have; "-" where nothing is said.
bytes_max() {
  case $1 in
    agent) echo 8000000 ;;
    agent-slim) echo 4000000 ;;
    *) echo - ;;
  esac
}

# machine_of TARGET prints what readelf calls the machine.
machine_of() {
  case $1 in
    armv7 | armv5te) echo ARM ;;
    aarch64) echo AArch64 ;;
    x86_64) echo 'Advanced Micro Devices X86-64' ;;
  esac
}
