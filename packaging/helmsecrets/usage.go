package helmsecrets

const usage = `Run helm with values files that sops encrypted, opened in memory.

Usage:
  helm secrets [OPTION...] COMMAND [ARGUMENT...]

Commands of helm, with all of its flags:
  install, upgrade, template, lint, diff, and any other

Commands for files:
  decrypt FILE    print what is in an encrypted file
  encrypt FILE    encrypt a file (see tiphys secrets encrypt --help)
  edit FILE       edit an encrypted file (see tiphys secrets edit --help)
  dir             print the folder of this plugin

Options, before the command:
  -q, --quiet                        no notes
      --ignore-missing-values[=BOOL] a values file that is not there is empty
  -b, --backend sops                 there is no other
      --decrypt-secrets-in-tmp-dir   taken and of no effect: nothing is written
  -v, --version                      print the version of tiphys

Encrypted files are opened after -f, --values and --set-file: FILE, ?FILE when
it may be missing, sops!FILE, secrets://FILE, secrets+age-import://KEYFILE?FILE.
All after -- is left to helm.
`

const usageOfCommand = `Run helm COMMAND with values files that sops encrypted, opened in memory.

Usage:
  helm secrets [OPTION...] COMMAND [ARGUMENT...] -f secrets.yaml

The arguments and flags are those of helm: see helm COMMAND --help. The options
are those of this plugin: see helm secrets --help.
`

const usageOfDecrypt = `Print what is in a file that sops encrypted.

Usage:
  helm secrets decrypt [--terraform] FILE

  --terraform  print {"content_base64": "..."}
`

const usageOfSecrets = `Run tiphys secrets COMMAND.

Usage:
  helm secrets COMMAND FILE

See tiphys secrets COMMAND --help for its options.
`
