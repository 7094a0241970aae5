#!/bin/sh
# Shows what tiphys is for, and fails if it does not do it. Run it as: make demo
set -eu

cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

. examples/show.sh

# finds RULE... checks that the last command reported these rules.
finds() {
	for rule; do
		if ! grep -q "\[$rule\]" "$log"; then
			echo "demo: there should be a finding of $rule" >&2
			exit 1
		fi
	done
}

show 0 "Two workflows that are fine, down to the last hint." \
	tiphys lint --fail-on info examples/good

show 1 "Four tasks that wait for each other." \
	tiphys lint examples/broken/circle.yaml
finds dag-cycle

show 1 "Misspelt names, one of them on the third line of a folded script." \
	tiphys lint examples/broken/misspelt.yaml
finds template-unknown dag-unknown-dependency tag-unresolved

show 1 "What was meant is near, so it can be mended; a diff writes nothing." \
	tiphys lint --diff --unsafe-fixes examples/broken/misspelt.yaml

show 1 "Three documents in one file, all broken. One does not hide the next." \
	tiphys lint examples/broken/three-documents.yaml
finds yaml-syntax field-unknown key-duplicate

show 0 "A password in the clear: Argo would run it, so it is a warning..." \
	tiphys lint examples/broken/secret.yaml
finds secret-literal

show 1 "... that a team can make an error." \
	tiphys lint --rule secret-literal=error examples/broken/secret.yaml
finds secret-literal

show 1 "Runs that pile up, and a schedule that never comes." \
	tiphys lint examples/broken/pile-up.yaml
finds concurrency-unlimited cron-schedule image-unpinned

show 0 "What a rule means, and how it looks when it is right." \
	tiphys explain dag-unknown-dependency

printf '\nThat was the main job. Now try it on your own: bin/tiphys lint PATH\n'
