# Sourced by what starts a Debian whose first process is systemd, in a container or on a whole machine.
# tests/lib/guest.bash must be there, too.

# runs_script ROOT SCRIPT has systemd run /test/SCRIPT once everything else has started, and end the machine after it. What it
# says comes to /test/log.
runs_script() {
  local root=$1
  rm -f "$root/usr/sbin/policy-rc.d"
  echo box > "$root/etc/hostname"
  cat > "$root/etc/systemd/system/$2.service" << END
[Unit]
After=multi-user.target
[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/bin/bash /test/$2
StandardOutput=append:/test/log
StandardError=append:/test/log
ExecStopPost=/bin/systemctl poweroff --no-block --force
END
  ln -s "../$2.service" "$root/etc/systemd/system/multi-user.target.wants/$2.service"
}

# in_container ROOT runs it in a container; it says that it may not, if it may not.
may_contain() { command -v systemd-nspawn > /dev/null && systemd-nspawn --quiet --register=no --keep-unit --directory="$1" true; }
in_container() {
  timeout --kill-after=10 300 systemd-nspawn --quiet --register=no --keep-unit --private-network --boot --directory="$1" < /dev/null || true
}

# in_machine MACHINE PARTS ROOT runs it on a whole machine with Debian's kernel, from a disk that is made of ROOT. Afterwards
# ROOT/test is what the machine left there.
in_machine() {
  local root=$3 disk=$3.ext4 start=$3.start
  mke2fs -q -F -t ext4 -d "$root" "$disk" 2G
  mkdir "$start"
  install -m 755 "$(dirname "${BASH_SOURCE[0]}")/guest/boot" "$start/init"
  guest_run "$1" "$2" "$start" 1024 1800 "$disk" || true
  rm -rf "$root/test" "$start"
  debugfs -R "rdump /test $root" "$disk" > /dev/null 2>&1
  rm -f "$disk"
}
