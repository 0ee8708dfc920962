package events

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Every effect that has a field Tell is told of; so is whoever is notified.
func TestToldKnowsEveryEffect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := genEffect().Draw(t, "effect")
		if n, ok := x.(NotifyEffect); ok {
			require.Equal(t, []Tell{{Org: n.Org, N: n.N, Role: "recipient"}}, Told(x))
			return
		}
		field := reflect.Indirect(reflect.ValueOf(x)).FieldByName("Tell")
		if !field.IsValid() {
			require.Empty(t, Told(x))
			return
		}
		require.Equal(t, field.Interface(), Told(x))
	})
}
