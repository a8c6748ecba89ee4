# Sourced by what runs a whole machine, emulated: Debian's kernel for it, and a root in memory that begins.

# What network cards and disks of the emulator need, in the order that they are loaded; some are part of some kernels.
guest_drivers=(virtio_ring virtio virtio_mmio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover
  virtio_net virtio_blk crc32c_generic libcrc32c crc16 mbcache jbd2 ext4)

# guest_terms MACHINE sets what Debian and qemu call it.
guest_terms() {
  case $1 in
    aarch64) debian=arm64 kernel=linux-image-arm64 bus=device console=ttyAMA0 emulator=(qemu-system-aarch64 -machine virt -cpu cortex-a53) ;;
    armv7) debian=armhf kernel=linux-image-armmp bus=device console=ttyAMA0 emulator=(qemu-system-arm -machine virt -cpu cortex-a15) ;;
    x86_64)
      debian=amd64 kernel=linux-image-amd64 bus=pci console=ttyS0 emulator=(qemu-system-x86_64 -machine q35 -cpu max)
      [ ! -w /dev/kvm ] || emulator=(qemu-system-x86_64 -machine q35 -accel kvm -accel tcg -cpu max)
      ;;
    *) return 1 ;;
  esac
}

# guest_packages prints the Debian packages that all of this needs.
guest_packages() { echo qemu-system-arm qemu-system-x86 cpio; }

# guest_parts MACHINE FOLDER fetches a kernel, its drivers and busybox to FOLDER, once.
guest_parts() {
  local folder=$2 debian kernel bus console emulator image name number=10
  guest_terms "$1"
  [ ! -e "$folder/complete" ] || return 0
  rm -rf "$folder"
  mkdir -p "$folder"/state/lists/partial "$folder"/cache/archives/partial "$folder"/modules
  touch "$folder/state/status"
  # Of that architecture, and nothing of it on this machine.
  local apt=(-o "Dir::State=$folder/state" -o "Dir::State::status=$folder/state/status" -o "Dir::Cache=$folder/cache"
    -o "APT::Architecture=$debian" -o "APT::Architectures::=$debian" -o APT::Sandbox::User=root)
  # Archives of other architectures are out of step at times: any that came may have the kernel.
  apt-get "${apt[@]}" --quiet=2 update || echo "guest: not every list of packages for $debian came" >&2
  image=$(apt-cache "${apt[@]}" depends --important "$kernel" | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
  (cd "$folder" && apt-get "${apt[@]}" --quiet=2 download "$image" busybox-static)
  for package in "$folder"/*.deb; do dpkg-deb --extract "$package" "$folder/files"; done
  cp "$folder"/files/boot/vmlinuz-* "$folder/kernel"
  cp "$folder/files/bin/busybox" "$folder/busybox"
  for name in "${guest_drivers[@]}"; do
    find "$folder/files/lib/modules" -name "$name.ko" -exec cp {} "$folder/modules/$number-$name.ko" \;
    number=$((number + 1))
  done
  rm -rf "$folder/files" "$folder"/*.deb "$folder/state" "$folder/cache"
  touch "$folder/complete"
}

# guest_run MACHINE PARTS ROOT MIB SECONDS [net | DISK] starts the machine with ROOT, whose /init begins, and prints what its
# console says: with a network that reaches this machine as 10.0.2.2, or with the image of a disk.
guest_run() {
  local parts=$2 root=$3 memory=$4 seconds=$5 debian kernel bus console emulator with
  guest_terms "$1"
  case $6 in
    net) with=(-netdev "user,id=net" -device "virtio-net-$bus,netdev=net") ;;
    *) with=(-nic none -drive "file=$6,format=raw,if=none,id=disk,cache=unsafe" -device "virtio-blk-$bus,drive=disk") ;;
  esac
  mkdir -p "$root"/{bin,dev,proc,sys,tmp,modules}
  cp "$parts/busybox" "$root/bin/busybox"
  cp "$parts"/modules/*.ko "$root/modules"
  (cd "$root" && find . | cpio --create --format=newc --quiet) > "$root.cpio"
  timeout "$seconds" "${emulator[@]}" -smp 1 -m "$memory" -nographic -no-reboot "${with[@]}" \
    -kernel "$parts/kernel" -initrd "$root.cpio" -append "console=$console quiet panic=-1 systemd.getty_auto=0 rdinit=/init" < /dev/null
  rm -f "$root.cpio"
}
