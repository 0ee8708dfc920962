package main

import (
	"fmt"
	"os"
	"runtime"
	"github.com/ebitengine/purego"
)

func main() {
	runtime.LockOSThread()
	h, err := purego.Dlopen(os.Args[1], purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil { panic(err) }
	var run func(int32, **byte) int32
	purego.RegisterLibFunc(&run, h, "chdb_query_cmdline")
	args := append([]string{"clickhouse"}, os.Args[2:]...)
	argv := make([]*byte, len(args)+1)
	for i, a := range args { b := append([]byte(a), 0); argv[i] = &b[0] }
	rc := run(int32(len(args)), &argv[0])
	runtime.KeepAlive(argv)
	fmt.Fprintln(os.Stderr, "rc", rc)
	os.Exit(int(rc))
}
