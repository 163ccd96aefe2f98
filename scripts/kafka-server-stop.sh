#!/bin/sh
# Asks the nodes of this user to stop: all of them, or with --node-id=N the one with that id, with --process-role=R
# those of that role. They go on until they have given up their leaderships and closed their logs.
node= role=
for option in "$@"; do
  case $option in
    --node-id=*) node=${option#*=} ;;
    --process-role=*) role=${option#*=} ;;
    *) echo "usage: $0 [--process-role=broker|controller] [--node-id=N]" >&2; exit 1 ;;
  esac
done
# What a server.properties says of a key, the last time that it says it.
property() { sed -n "s/^[[:space:]]*$2[[:space:]]*[=:][[:space:]]*//p" "$1" 2>/dev/null | tail -n 1; }
found=
for pid in $(pgrep -u "$(id -u)" -x vltava); do
  # The command line, a word a line: the program, its command, the file.
  command=$(tr '\0' '\n' < "/proc/$pid/cmdline" 2>/dev/null | sed -n 2p)
  file=$(tr '\0' '\n' < "/proc/$pid/cmdline" 2>/dev/null | sed -n '3,$p' | grep -v '^--' | head -n 1)
  case $command in server|server-start) ;; *) continue ;; esac
  case $file in /*) ;; *) file=$(readlink "/proc/$pid/cwd")/$file ;; esac
  [ -z "$node" ] || [ "$(property "$file" node.id)" = "$node" ] || continue
  case ,$(property "$file" process.roles | tr -d ' '), in *,"$role",*) ;; *) [ -z "$role" ] || continue ;; esac
  kill -s TERM "$pid" && found=1
done
[ -n "$found" ] || { echo "No kafka server to stop" >&2; exit 1; }
