package e2e

func maybeRunChild() {}
