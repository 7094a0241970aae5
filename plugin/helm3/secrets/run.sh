#!/bin/sh
# Runs the part of tiphys that is behind this plugin.
tiphys=${TIPHYS_BIN:-tiphys}
if ! command -v "$tiphys" >/dev/null; then
	echo "helm secrets: there is no program $tiphys: put tiphys on PATH, or set TIPHYS_BIN to where it is" >&2
	exit 127
fi
exec "$tiphys" helm-secrets "$@"
