package matching

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMeasure(t *testing.T) {
	for _, c := range []struct {
		mark             Mark
		milliBits, digit int32
	}{
		{full("KTO44170"), 3*4700 + 5*3322, 5},
		{full("kto-44 170"), 3*4700 + 5*3322, 5},
		{full("00287"), 3 * 3322, 3},
		{full("O0287"), 3 * 3322, 3},
		{full("000"), 3322, 1},
		{full("1"), 3322, 1},
		{full("INEXISTENTE"), 11 * 4700, 0},
		{full("ТОЗ٤"), 3*4700 + 3322, 1},
		{full(""), 0, 0},
		{split("AB", "00123"), 2*4700 + 5*3322, 5},
		{part("?V204*"), 4700 + 3*3322, 3},
		{part("00?87*"), 2 * 3322, 2},
		{part("?*"), 0, 0},
	} {
		require.Equal(t, Strength{c.milliBits, c.digit}, Measure(c.mark), c.mark.Text)
	}
}

func TestMeasurePairIsTheLower(t *testing.T) {
	want := Strength{2*4700 + 6*3322, 5}
	require.Equal(t, want, MeasurePair(full("KTO44170"), full("KT044170")))
	require.Equal(t, want, MeasurePair(full("KT044170"), full("KTO44170")))
	require.False(t, MeasurePair(full("IOO"), full("1OO")).HasDigit(), "one of them is a word")
}

func TestCanSearch(t *testing.T) {
	for text, want := range map[string]bool{
		"?V204*": true, "NXPA3?718": true, "*00045": true, "*204": true, "A1B2C3*": true,
		"KT04*": false, "12?34?56": false, "0001*": false, "000*": false, "12*": false, "": false, "***": false, "ABC*": false,
	} {
		require.Equal(t, want, CanSearch(text, ""), text)
	}
	require.True(t, CanSearch("12?", "A3"))
	require.False(t, CanSearch("12?", "00"))
}
