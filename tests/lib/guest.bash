# Sourced by what runs a whole machine of another kind: Debian's kernel for it, emulated, with a root in memory.

# guest_terms MACHINE sets what Debian and qemu call it.
guest_terms() {
  case $1 in
    aarch64) debian=arm64 kernel=linux-image-arm64 emulator=(qemu-system-aarch64 -cpu cortex-a53) ;;
    armv7) debian=armhf kernel=linux-image-armmp emulator=(qemu-system-arm -cpu cortex-a15) ;;
    *) return 1 ;;
  esac
}

# guest_parts MACHINE FOLDER fetches a kernel, its drivers and busybox to FOLDER, once.
guest_parts() {
  local folder=$2 debian kernel emulator image
  guest_terms "$1"
  [ ! -e "$folder/complete" ] || return 0
  rm -rf "$folder"
  mkdir -p "$folder"/state/lists/partial "$folder"/cache/archives/partial "$folder"/modules
  touch "$folder/state/status"
  # Of that architecture, and nothing of it on this machine.
  local apt=(-o "Dir::State=$folder/state" -o "Dir::State::status=$folder/state/status" -o "Dir::Cache=$folder/cache"
    -o "APT::Architecture=$debian" -o "APT::Architectures::=$debian" -o APT::Sandbox::User=root)
  apt-get "${apt[@]}" --quiet=2 update
  image=$(apt-cache "${apt[@]}" depends --important "$kernel" | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
  (cd "$folder" && apt-get "${apt[@]}" --quiet=2 download "$image" busybox-static)
  for package in "$folder"/*.deb; do dpkg-deb --extract "$package" "$folder/files"; done
  cp "$folder"/files/boot/vmlinuz-* "$folder/kernel"
  cp "$folder/files/bin/busybox" "$folder/busybox"
  # What a network card of the emulator needs.
  for name in failover net_failover virtio_mmio virtio_net; do
    find "$folder/files/lib/modules" -name "$name.ko" -exec cp {} "$folder/modules/" \;
  done
  rm -rf "$folder/files" "$folder"/*.deb "$folder/state" "$folder/cache"
  touch "$folder/complete"
}

# guest_run MACHINE PARTS ROOT MIB SECONDS starts the machine with ROOT, whose /init begins, and prints what its console says.
guest_run() {
  local parts=$2 root=$3 memory=$4 seconds=$5 debian kernel emulator
  guest_terms "$1"
  mkdir -p "$root"/{bin,dev,proc,sys,tmp,modules}
  cp "$parts/busybox" "$root/bin/busybox"
  cp "$parts"/modules/*.ko "$root/modules"
  (cd "$root" && find . | cpio --create --format=newc --quiet) > "$root.cpio"
  timeout "$seconds" "${emulator[@]}" -machine virt -smp 1 -m "$memory" -nographic -no-reboot \
    -netdev user,id=net -device virtio-net-device,netdev=net \
    -kernel "$parts/kernel" -initrd "$root.cpio" -append "console=ttyAMA0 quiet panic=-1 rdinit=/init" < /dev/null
  rm -f "$root.cpio"
}
