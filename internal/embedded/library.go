//go:build !cluster

package embedded

import (
	"fmt"
	"runtime"
	"syscall"

	"github.com/ebitengine/purego"
)

// niceness: where cores are few, tables give way to registration and search.
const niceness = 5

// runLibrary is `clickhouse local` out of the shared library, on this thread,
// without cgo. It returns when the engine has ended.
func runLibrary(path string, args []string) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness) // of this thread and all that it starts
	lib, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("open engine library: %w", err)
	}
	if _, err := purego.Dlsym(lib, "chdb_query_cmdline"); err != nil {
		return fmt.Errorf("open engine library: %w", err)
	}
	var query func(argc int32, argv **byte) uintptr
	var resultError func(result uintptr) string
	purego.RegisterLibFunc(&query, lib, "chdb_query_cmdline")
	purego.RegisterLibFunc(&resultError, lib, "chdb_result_error")

	argv := cStrings(append([]string{"clickhouse"}, args...))
	result := query(int32(len(args)+1), &argv[0])
	runtime.KeepAlive(argv)
	if result == 0 {
		return fmt.Errorf("run engine: no result")
	}
	if message := resultError(result); message != "" {
		return fmt.Errorf("run engine: %s", message)
	}
	return nil
}

// cStrings is a NULL-terminated argv.
func cStrings(args []string) []*byte {
	argv := make([]*byte, len(args)+1)
	for i, arg := range args {
		argv[i] = &append([]byte(arg), 0)[0]
	}
	return argv
}
