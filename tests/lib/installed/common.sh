# Sourced by what runs in the Debian that packages are installed in. The pages' commands are in /test.
# shellcheck shell=bash

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# follow PAGE NAME runs commands of a page as they stand there, in the folder of the packages.
follow() {
  echo "-- $1: $2"
  (cd /packages && bash -eu "/test/$1.$2") > /tmp/said 2>&1 || { cat /tmp/said; fail "$1: $2"; }
}

# until_true TENTHS COMMAND… waits for the command to succeed.
until_true() {
  local left=$1
  shift
  until "$@" > /dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 0.1
  done
}

is() { [ "$(stat --format='%U:%G %a' "$1")" = "$2" ] || fail "$1 is $(stat --format='%U:%G %a' "$1"), not $2"; }
there() { [ -e "$1" ] || fail "$1 is not there"; }
gone() { [ ! -e "$1" ] || fail "$1 is there"; }
has_user() { getent passwd "$1" > /dev/null || fail "there is no user $1"; }
has_no_user() { ! getent passwd "$1" > /dev/null || fail "there is a user $1"; }

# processes WORD prints those whose command line has it, but for this script's own.
processes() {
  local folder words
  for folder in /proc/[0-9]*; do
    words=$(tr '\0' ' ' < "$folder/cmdline" 2> /dev/null) || continue
    case $words in *bash*) ;; *"$1"*) echo "${folder#/proc/}" ;; esac
  done
}
