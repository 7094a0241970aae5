#!/bin/sh
# Has the controller take a chart from git through dev and qa to prod on a real
# API server, and fails if anything is not as it should be. Run it as: make demo
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
log=$work/log
stop() {
	for p in ${controller:-} ${engine:-} ${api:-}; do kill "$p" 2>/dev/null || true; done
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

. "$root/examples/show.sh"

# becomes TEXT COMMAND... repeats a command until it prints a text, for a minute.
becomes() {
	text=$1
	shift
	for _ in $(seq 600); do
		"$@" >"$log" 2>&1 || true
		grep -qF -- "$text" "$log" && return
		sleep 0.2
	done
	tail -n 20 "$log" "$work/controller.log" >&2
	echo "demo: this should have come to say $text: $*" >&2
	exit 1
}

printf 'Starting an API server...\n'
mkfifo "$work/ready"
"$root/bin/test/controlplane" --dir "$work/cluster" --stay >"$work/ready" &
api=$!
read -r KUBECONFIG <"$work/ready"
export KUBECONFIG HOME="$work/home"
mkdir -p "$HOME"

show 0 "The controller, by its chart; the webhook is not needed for it." \
	helm3 install tiphys "$root/charts/tiphys" --namespace tiphys --create-namespace --set controller.enabled=true --set webhook.enabled=false

# Nothing runs pods here, so the program is run by hand with the rights that the
# chart gives it. There is no workflow engine either: what stands in for it lets
# each Workflow end as the file "outcome" says.
cp "$KUBECONFIG" "$work/controller.kubeconfig"
kubectl --kubeconfig "$work/controller.kubeconfig" config set-credentials controller \
	--token="$(kubectl create token tiphys-controller --namespace tiphys)" >/dev/null
kubectl --kubeconfig "$work/controller.kubeconfig" config set-context --current --user=controller >/dev/null
tiphys-controller --kubeconfig "$work/controller.kubeconfig" --leader-elect=false --metrics-address "" \
	--allow-local-sources >"$work/controller.log" 2>&1 &
controller=$!
echo Succeeded >"$work/outcome"
while sleep 0.3; do
	kubectl get workflows --all-namespaces --no-headers -o custom-columns=:.metadata.namespace,:.metadata.name,:.status.phase 2>/dev/null |
		sed -n 's/ *<none>$//p' | while read -r space name; do
			phase=$(cat "$work/outcome")
			kubectl patch workflow "$name" --namespace "$space" --type merge \
				--patch "{\"status\":{\"phase\":\"$phase\",\"finishedAt\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}}" >/dev/null 2>&1 || true
			echo Succeeded >"$work/outcome" # the next one is another candidate's
		done
done &
engine=$!

# A team: a chart in git, a service account that deploys, and two people.
git init -q -b main "$work/repo"
cd "$work/repo"
git config user.name Mira
git config user.email mira@example.com
tiphys new churn >/dev/null
cat >churn/workflows/smoke.yaml <<'END'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: smoke
spec:
  entrypoint: main
  activeDeadlineSeconds: 600
  templates:
    - name: main
      container:
        image: busybox:1.37.0
        command: [sh, -c, "echo the features of yesterday are there"]
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}
END
git add . && git commit -q -m "Churn, first version"
kubectl create namespace ml >/dev/null
cat >"$work/deployer.yaml" <<'END'
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: deployer}
rules:
  - {apiGroups: [""], resources: [secrets, serviceaccounts], verbs: ["*"]}
  - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: ["*"]}
  - {apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: ["*"]}
  - {apiGroups: [argoproj.io], resources: ["*"], verbs: ["*"]}
END
kubectl apply -f "$work/deployer.yaml" >/dev/null
kubectl config set-context --current --namespace ml >/dev/null
for name in deployer ann bob; do kubectl create serviceaccount "$name" >/dev/null; done
for env in dev qa prod; do
	kubectl create namespace "churn-$env" >/dev/null
	kubectl create rolebinding deployer --namespace "churn-$env" --clusterrole=deployer --serviceaccount=ml:deployer >/dev/null
done
for name in ann bob; do
	kubectl config set-credentials "$name" --token="$(kubectl create token "$name")" >/dev/null
	kubectl config set-context "$name" --cluster="$(kubectl config view --minify -o 'jsonpath={.contexts[0].context.cluster}')" --user="$name" --namespace=ml >/dev/null
done
cat >"$work/people.yaml" <<'END'
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: team}
rules:
  - {apiGroups: [tiphys.dev], resources: [promotions, candidates, approvals], verbs: [get, list, watch]}
  - {apiGroups: [tiphys.dev], resources: [approvals], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: churn-prod}
rules:
  - {apiGroups: [tiphys.dev], resources: [promotions/prod], resourceNames: [churn], verbs: [approve, promote]}
END
kubectl apply -f "$work/people.yaml" >/dev/null
kubectl create rolebinding team --role=team --serviceaccount=ml:ann --serviceaccount=ml:bob >/dev/null
kubectl create rolebinding churn-prod --role=churn-prod --serviceaccount=ml:ann >/dev/null

cat >"$work/promotion.yaml" <<END
apiVersion: tiphys.dev/v1alpha1
kind: Promotion
metadata: {name: churn}
spec:
  source:
    git: {url: $work/repo, path: churn}
    interval: 5s
  environments:
    - name: dev
      serviceAccount: deployer
      onFailure: rollback
      gates: [{smoke: {template: smoke}}]
    - name: qa
      serviceAccount: deployer
      gates: [{lint: {}}, {soak: {for: 3s}}]
    - name: prod
      serviceAccount: deployer
      gates: [{lint: {}}, {approval: {notAuthor: true}}]
END
printf '\n'
cat "$work/promotion.yaml"
show 0 "That is the standing order: what is new in git goes to dev, qa and prod, behind gates." \
	kubectl apply -f "$work/promotion.yaml"
becomes "prod/approval" kubectl get promotion churn
show 0 "It went through dev and qa by evidence, and waits for a person." \
	kubectl get promotions
show 0 "Why is it not in production?" \
	tiphys why churn prod
says "tiphys approve churn prod"
show 1 "Bob may not say so..." \
	tiphys --kube-context bob approve churn prod --yes
show 0 "...and Ann may." \
	tiphys approve churn prod --yes --reason "seen in qa" --kube-context ann
becomes "Verified" kubectl get promotion churn -o 'jsonpath={.status.environments[2].state}'
show 0 "It runs in production, and who approved it is on record." \
	kubectl get promotions,candidates,approvals

echo Failed >"$work/outcome"
sed -i.old 's/greeting}},/greeting}}, dear /' churn/workflows/churn.yaml && rm churn/workflows/churn.yaml.old
git commit -q -a -m "A version whose smoke test fails"
becomes "RolledBack" kubectl get candidates
becomes "Verified" kubectl get promotion churn -o 'jsonpath={.status.environments[0].state}'
show 0 "A version that fails its smoke test goes no further, and dev goes back." \
	kubectl get promotions,candidates
show 0 "The history of Helm in dev." \
	tiphys history churn --namespace churn-dev
show 0 "All at a glance." \
	tiphys promotions
printf '\nThat was a promotion. Your own begins with docs/promotion.md.\n'
