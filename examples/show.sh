# What all parts of the demonstration are told with; $log is a file of the caller.

# show EXIT SENTENCE COMMAND... runs a command as a user would type it, and
# checks its exit code. What it printed is in $log.
show() {
	want=$1
	printf '\n# %s\n$ %s\n' "$2" "$(shift 2; echo "$*")"
	shift 2
	code=0
	"$@" >"$log" 2>&1 || code=$?
	cat "$log"
	printf '(exit code %s)\n' "$code"
	if [ "$code" != "$want" ]; then
		echo "demo: the exit code should be $want" >&2
		exit 1
	fi
	[ -z "${DEMO_PAUSE:-}" ] || read -r _
}

# says TEXT checks what the last command printed, silent TEXT what it did not.
says() { grep -qF -- "$1" "$log" || { echo "demo: it should say: $1" >&2; exit 1; }; }
silent() { ! grep -qF -- "$1" "$log" || { echo "demo: it must not say: $1" >&2; exit 1; }; }
