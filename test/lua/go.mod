module github.com/tiphys-dev/tiphys/test/lua

go 1.26.0

require github.com/yuin/gopher-lua v1.1.1
