module github.com/tiphys-dev/tiphys

go 1.26.0
