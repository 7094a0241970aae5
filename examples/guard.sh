#!/bin/sh
# Installs the admission webhook in a real API server and shows what it lets in,
# and fails if anything is not as it should be. Run it as: make demo
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
log=$work/log
stop() {
	[ -z "${webhook:-}" ] || kill "$webhook" 2>/dev/null || true
	[ -z "${api:-}" ] || kill "$api" 2>/dev/null || true
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

. "$root/examples/show.sh"

# until_ok COMMAND... tries a command until it does what it should, for a minute.
until_ok() {
	for _ in $(seq 300); do
		"$@" >"$log" 2>&1 && return
		sleep 0.2
	done
	tail -n 20 "$log" "$work/webhook.log" >&2
	echo "demo: this should have become true: $*" >&2
	exit 1
}

printf 'Starting an API server...\n'
mkfifo "$work/ready"
"$root/bin/test/controlplane" --dir "$work/cluster" --stay >"$work/ready" &
api=$!
read -r KUBECONFIG <"$work/ready"
export KUBECONFIG HOME="$work/home"
mkdir -p "$HOME"
cd "$root"

show 0 "The webhook, by its chart." \
	helm3 install tiphys charts/tiphys --namespace tiphys --create-namespace

# Nothing runs pods here, so its program is run by hand, with the rights that the
# chart gives it, and the Service is a name of this machine.
port=$((20000 + $$ % 10000))
cp "$KUBECONFIG" "$work/webhook.kubeconfig"
kubectl --kubeconfig "$work/webhook.kubeconfig" config set-credentials webhook \
	--token="$(kubectl create token tiphys-webhook --namespace tiphys)" >/dev/null
kubectl --kubeconfig "$work/webhook.kubeconfig" config set-context --current --user=webhook >/dev/null
tiphys-webhook --kubeconfig "$work/webhook.kubeconfig" --address "localhost:$port" --metrics-address "localhost:$((port + 1))" \
	--unwatched Secret >"$work/webhook.log" 2>&1 &
webhook=$!
kubectl delete service tiphys-webhook --namespace tiphys >/dev/null
kubectl create service externalname tiphys-webhook --external-name localhost --namespace tiphys >/dev/null
for kind in validating mutating; do
	kubectl get "${kind}webhookconfiguration" tiphys-webhook -o yaml | sed "s/port: 443/port: $port/" >"$work/$kind.yaml"
	until_ok kubectl replace -f "$work/$kind.yaml"
done
kubectl create namespace etl >/dev/null
# It answers as soon as the API server trusts the certificate that it made.
until_ok kubectl create --dry-run=server --namespace etl -f examples/guard/report.yaml

show 1 "Four tasks that wait for each other: Argo would take them, the cluster does not any more." \
	kubectl create --namespace etl -f examples/broken/circle.yaml
says dag-cycle

tiphys policy show production >"$work/production.yaml"
show 0 "A policy: the same file that tiphys lint goes by." \
	kubectl apply -f "$work/production.yaml"
show 0 "It is enforced." \
	kubectl wait workflowpolicy production --for=condition=Ready
until_ok kubectl create --dry-run=server --namespace etl -f examples/guard/report.yaml -o yaml
show 1 "A container without limits, which nobody owns." \
	kubectl create --namespace etl -f examples/guard/greedy.yaml
says resources-missing
says owner-missing

show 1 "What the cluster would write into a workflow can be seen before..." \
	tiphys lint --policy production --defaults --diff examples/guard/report.yaml
show 0 "...and that is what it writes." \
	kubectl create --namespace etl -f examples/guard/report.yaml -o yaml
says secondsAfterCompletion
says policy.tiphys.dev/defaults

kubectl apply -f examples/guard/once.yaml >"$log"
kubectl wait workflowpolicy once --for=condition=Ready >"$log"
show 0 "One run at a time: the first of tonight..." \
	kubectl create --namespace etl -f examples/guard/nightly.yaml
show 1 "...and one more while it runs." \
	kubectl create --namespace etl -f examples/guard/nightly.yaml
says "may exist at once"

until_ok kubectl wait workflowpolicy once --for=jsonpath='{.status.objects}'=1 --timeout=60s
show 0 "The policies, and what they find in all that exists." \
	kubectl get workflowpolicies
printf '\nThat was the door of a cluster. Now look at your own: bin/tiphys policy list\n'
