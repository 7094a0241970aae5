#!/bin/sh
# Takes a chart to a real API server as a team would, in a folder of its own,
# and fails if anything is not as it should be. Run it as: make demo
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
log=$work/log
stop() {
	[ -z "${api:-}" ] || kill "$api" 2>/dev/null || true
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

. "$root/examples/show.sh"

if [ -n "${TIPHYS_TEST_KUBECONFIG:-}" ]; then # a cluster to use instead
	KUBECONFIG=$TIPHYS_TEST_KUBECONFIG
else
	printf 'Starting an API server...\n'
	mkfifo "$work/ready"
	"$root/bin/test/controlplane" --dir "$work/cluster" --stay >"$work/ready" &
	api=$!
	read -r KUBECONFIG <"$work/ready"
fi
export KUBECONFIG
export HOME="$work/home" HELM_PLUGINS="$work/home/plugins"
mkdir -p "$HOME" "$work/repo"
cd "$work/repo"
git init -q .

show 0 "A key for the team: it stays on this machine, its public half is for the repository." \
	tiphys secrets keygen -o "$HOME/team.key"
export SOPS_AGE_KEY_FILE="$HOME/team.key"
recipient=$(sed -n 's/.*public key: //p' "$HOME/team.key")

show 0 "A new chart, whose workflows are plain Argo YAML." \
	tiphys new churn --age "dev=$recipient" --age "qa=$recipient" --age "prod=$recipient"
sed -i.old 's/context: .*//' churn/environments/*/environment.yaml && rm -f churn/environments/*/*.old
show 0 "It is linted as it becomes in each environment." \
	tiphys lint --fail-on warning churn

# What the team adds: a Secret, and a password for production.
cat >churn/templates/warehouse.yaml <<'EOF'
apiVersion: v1
kind: Secret
metadata:
  name: warehouse
stringData:
  password: {{ .Values.warehouse.password | quote }}
EOF
printf 'warehouse:\n  password: ""\n' >>churn/values.yaml
sed -i.old 's/"properties": {/"properties": {"warehouse": {"type": "object"},/' churn/values.schema.json && rm churn/values.schema.json.old
mkdir -p churn/environments/prod
printf 'warehouse:\n  password: correct-horse-battery-staple\n' >churn/environments/prod/secrets.yaml
show 0 "The password of production, encrypted where it lies." \
	tiphys secrets encrypt -i churn/environments/prod/secrets.yaml
show 0 "What production gets, and where each value comes from." \
	tiphys values churn -e prod
silent correct-horse

show 0 "One step to production: checked, decrypted in memory, applied." \
	tiphys upgrade churn -e prod --create-namespace
show 0 "Helm knows the release; the password is not in its record." \
	helm3 get values churn --namespace churn-prod
says 'ENC[AES256_GCM'
silent correct-horse

cp churn/templates/warehouse.yaml "$work/warehouse.yaml"
sed -i.old 's/kind: Secret/kind: ConfigMap/; s/stringData/data/' churn/templates/warehouse.yaml && rm churn/templates/warehouse.yaml.old
show 1 "Somebody makes a ConfigMap of the Secret. It does not get far." \
	tiphys upgrade churn -e prod
says secret-leaked
silent correct-horse
cp "$work/warehouse.yaml" churn/templates/warehouse.yaml

show 0 "What an upgrade would change, as the cluster works it out." \
	tiphys diff churn -e prod --set workflows.churn.suspend=true
show 0 "This very package is what runs." \
	tiphys verify churn -e prod
show 0 "The history of the release." \
	tiphys history churn -e prod

show 0 "The old way works as well, by a plugin that writes nothing in the clear." \
	helm3 plugin install "$root/plugin/helm3/secrets"
show 0 "helm secrets, with the real helm 3." \
	helm3 secrets upgrade --install by-helm --namespace by-helm --create-namespace -f churn/environments/prod/secrets.yaml churn
silent correct-horse

show 0 "And everything goes away again." \
	tiphys uninstall churn -e prod
printf '\nThat was a chart on its way to production. Now try your own: bin/tiphys lint CHART\n'
