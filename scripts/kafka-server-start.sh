#!/bin/sh
here=$(dirname -- "$0"); for vltava in "$here/../vltava" "$here/../target/release/vltava" vltava; do command -v "$vltava" >/dev/null && break; done
exec "$vltava" server-start "$@"
