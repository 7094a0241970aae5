// Command lua runs a health check of Argo CD: a script in Lua that is given an
// object and returns its health. It is a module of its own, as nothing else here
// has to do with Lua.
//
// It reads {"script": ..., "object": ...} and writes {"status": ..., "message": ...}.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	lua "github.com/yuin/gopher-lua"
)

func main() {
	var in struct {
		Script string
		Object any
	}
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		log.Fatalf("lua: read the object: %v", err)
	}
	out, err := health(in.Script, in.Object)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(out)
	}
	if err != nil {
		log.Fatalf("lua: %v", err)
	}
}

// health runs a script with as little of Lua as Argo CD gives it.
func health(script string, object any) (map[string]string, error) {
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable, lua.StringLibName: lua.OpenString} {
		l.Push(l.NewFunction(open))
		l.Push(lua.LString(name))
		l.Call(1, 0)
	}
	l.SetGlobal("obj", value(l, object))
	if err := l.DoString(script); err != nil {
		return nil, fmt.Errorf("run the script: %w", err)
	}
	t, ok := l.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("it returns %s, and not a table", l.Get(-1).Type())
	}
	return map[string]string{"status": t.RawGetString("status").String(), "message": t.RawGetString("message").String()}, nil
}

// value makes a value of Lua of one of JSON.
func value(l *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case bool:
		return lua.LBool(v)
	case float64:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	case []any:
		t := l.NewTable()
		for _, e := range v {
			t.Append(value(l, e))
		}
		return t
	case map[string]any:
		t := l.NewTable()
		for k, e := range v {
			t.RawSetString(k, value(l, e))
		}
		return t
	}
	return lua.LNil
}
