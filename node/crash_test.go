package node_test

import "strconv"

func itoa(i int) string { return strconv.Itoa(i) }

func maybeRunChild() {}
