package matching

import (
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func key(text string) string { return string(AppendKey(nil, []byte(Form(text, false)))) }

func TestKey(t *testing.T) {
	for _, c := range []struct{ text, key string }{
		{"KTO44170", "KT044170"},
		{"00287", "287"},
		{"OO287", "287"},
		{"D0287", "00287"}, // D is folded after zeros are dropped
		{"Q12", "012"},
		{"ILSBZG", "115826"},
		{"000", "0"},
		{"O", "0"},
		{"D", "0"},
		{"", ""},
		{"-/-", ""},
		{"ТОЗ-1234", "T031234"},
		{"ბ٤", "Ბ4"},
	} {
		require.Equal(t, c.key, key(c.text), c.text)
	}
}

func TestKeyProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		form := Form(anyText.Draw(t, "text"), false)
		k := key(form)
		require.Equal(t, form == "", k == "", "a key is empty only if the form is")
		if form == "" {
			return
		}
		require.Equal(t, k, key("00"+strings.ReplaceAll(form, "O", "0")), "zeros in front and O for 0 change nothing")
		for from, to := range map[string]string{"I": "1", "L": "1", "S": "5", "B": "8", "Z": "2", "G": "6", "З": "3"} {
			require.Equal(t, k, key(strings.ReplaceAll(form, from, to)))
		}
	})
}

// The hash is on no wire, but the order of work may come to depend on it.
func TestHashKeyIsTheSameEverywhere(t *testing.T) {
	for key, want := range map[string]uint64{"": 0xbe8cab644efdda51, "287": 0x2448558a49f0d212, "KT044170": 0xef006faa870b2cd1, "AAA99999AAA": 0x9bb94f122e4ccb76} {
		require.Equal(t, want, HashKey([]byte(key)), "%q is %#x", key, HashKey([]byte(key)))
	}
}

func TestHashKeySpreads(t *testing.T) {
	a := HashKey([]byte("AAA12345"))
	for i := range 8 {
		for bit := range 8 {
			key := []byte("AAA12345")
			key[i] ^= 1 << bit
			changed := bits.OnesCount64(a ^ HashKey(key))
			require.InDelta(t, 32, changed, 20, "one bit of the key changes about half of the hash")
		}
	}
}

func TestKeys(t *testing.T) {
	collect := func(m Mark) (keys []string) {
		for kind, key := range Keys(m) {
			keys = append(keys, []string{"whole ", "number "}[kind]+string(key))
		}
		return keys
	}
	require.Equal(t, []string{"whole KT044170"}, collect(Mark{Text: "KTO44170"}))
	require.Equal(t, []string{"whole A800123", "number 123"}, collect(Mark{Series: "АВ", Text: "00123"}))
	require.Equal(t, []string{"whole 123"}, collect(Mark{Series: "0", Text: "123"}), "a series of zeros makes no difference")
	require.Equal(t, []string{"whole A8"}, collect(Mark{Series: "AB", Text: "-"}))
	require.Empty(t, collect(Mark{Text: "12?45", Partial: true}))
	require.Empty(t, collect(Mark{Text: "-"}))
}

func BenchmarkKey(b *testing.B) {
	var form, key []byte
	var sum uint64
	for b.Loop() {
		form = AppendForm(form[:0], "KTO44170", false)
		key = AppendKey(key[:0], form)
		sum ^= HashKey(key)
	}
}
