package helmsecrets

import "strings"

// rewrite replaces the files in the arguments of helm. What is not understood,
// and all after --, stays as it is: helm will say what is wrong with it.
func rewrite(args []string, replace replacer) ([]string, error) {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(out, args[i:]...), nil
		}
		flag, value, attached := fileFlag(args[i])
		if flag == "" {
			out = append(out, args[i])
			continue
		}
		if !attached {
			out = append(out, args[i])
			if i++; i == len(args) {
				break // the value is missing
			}
			flag, value = "", args[i]
		}
		var err error
		if strings.HasPrefix(args[i], "--set-file=") || !attached && args[i-1] == "--set-file" {
			value, err = replaceSet(value, replace)
		} else {
			value, err = replaceList(value, replace)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, flag+value)
	}
	return out, nil
}

// fileFlag reports whether an argument is a flag that takes files. flag is all
// of the argument that is before its value; when the value is the next
// argument, attached is false.
func fileFlag(arg string) (flag, value string, attached bool) {
	for _, name := range []string{"--values", "--set-file"} {
		if arg == name {
			return name, "", false
		}
		if value, ok := strings.CutPrefix(arg, name+"="); ok {
			return name + "=", value, true
		}
	}
	if strings.HasPrefix(arg, "--") || !strings.HasPrefix(arg, "-") {
		return "", "", false
	}
	// Of short flags, those without a value may stand before f, as in -if.
	at := strings.IndexByte(arg, 'f')
	if at < 0 || strings.Trim(arg[1:at], "aghi") != "" {
		return "", "", false
	}
	at++
	if strings.HasPrefix(arg[at:], "=") {
		at++
	}
	return arg[:at], arg[at:], at < len(arg)
}
