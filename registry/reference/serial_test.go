package reference_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/reference"
)

func formsOf(t require.TestingT, id string) []events.SerialForm {
	for _, b := range seedOf(t, "make").bodies {
		if b.Codes["local"] == id {
			return b.SerialForms
		}
	}
	return nil
}

func TestCheckSerial(t *testing.T) {
	for _, c := range []struct {
		id, serial string
		year       int
		result     string
		years      []int
		month      int
		reason     string
	}{
		{"TAS", "ZK434432", 2006, reference.Fits, []int{2006}, 11, "it has the form of 1981 to 2006, and its signs stand for 2006-11"},
		{"TAS", "zk-434432", 0, reference.Fits, []int{2006}, 11, ""},
		{"TAS", "SVL16634", 0, reference.Fits, []int{2002}, 12, ""},
		{"TAS", "SHZ11007", 2014, reference.Fits, []int{2014}, 0, ""},
		{"TAS", "ACA123456", 0, reference.Fits, []int{2021}, 0, ""},
		{"TAS", "IA49598", 1989, reference.Fits, []int{1989}, 1, ""},
		{"TAS", "IA49598", 1990, reference.DoesNotFit, []int{1989}, 1, "its signs stand for 1989, not for 1990"},
		{"TAS", "RV204187", 2006, reference.DoesNotFit, nil, 0, "in 2006 its numbers were of the form [A-Z][A-L][0-9]{5,6} or [A-Z]{2}[A-L][0-9]{5}"},
		{"TAS", "RV204187", 0, reference.NoScheme, nil, 0, "it has none of the forms that are known, which are those of 1981 to 2022"},
		{"TAS", "387946", 1975, reference.NoScheme, nil, 0, "no form is known for 1975, only for 1981 to 2022"},
		{"GLC", "BKTM854", 2012, reference.Fits, nil, 0, "it has the form of 1986 on"},
		{"GLC", "123456", 2012, reference.DoesNotFit, nil, 0, ""},
		{"MARLIN", "25100000", 0, reference.Fits, []int{1975}, 0, ""},
		{"MARLIN", "98123456", 0, reference.Fits, []int{2002}, 0, ""},
		{"BROWNING", "01001RR137", 0, reference.Fits, []int{1977}, 0, ""},
		{"BROWNING", "245NX01001", 1993, reference.Fits, []int{1993}, 0, ""},
		{"BROWNING", "01001ZM212", 0, reference.Fits, []int{2010}, 0, ""},
		{"ROS", "E123456", 1990, reference.NoScheme, nil, 0, "no form of its serial numbers is known"},
	} {
		got := reference.CheckSerial(formsOf(t, c.id), c.serial, c.year)
		name := fmt.Sprint(c.id, " ", c.serial, " ", c.year, ": ", got.Reason)
		require.Equal(t, c.result, got.Result, name)
		require.Equal(t, c.years, got.Years, name)
		require.Equal(t, c.month, got.Month, name)
		require.NotEmpty(t, got.Reason)
		if c.reason != "" {
			require.Equal(t, c.reason, got.Reason)
		}
	}
}

// A maker that has one form for all times: what has not got it does not fit.
func TestCheckSerialOfAllTimes(t *testing.T) {
	forms := []events.SerialForm{{Pattern: "[A-Z]-[0-9]{3}"}, {Pattern: "[Z-A]"}}
	require.Equal(t, reference.Fits, reference.CheckSerial(forms, "A123", 0).Result)
	require.Equal(t, "it has the form of any year", reference.CheckSerial(forms, "A-123", 1890).Reason)
	got := reference.CheckSerial(forms, "AB123", 0)
	require.Equal(t, reference.DoesNotFit, got.Result)
	require.Contains(t, got.Reason, "[A-Z]-[0-9]{3}")
}

// A number made by a code implies the year it was made in, and fits that year
// and no other; codes come round.
func TestCheckSerialReadsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		signs := rapid.SampledFrom([]string{"", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "MZYXWVTRPN"}).Draw(t, "signs")
		used := signs
		if used == "" {
			used = "0123456789"
		}
		length := rapid.IntRange(1, 2).Draw(t, "length")
		down := rapid.Bool().Draw(t, "down")
		round := len(used)
		if length == 2 {
			round *= len(used)
		}
		first, from := rapid.IntRange(1900, 2020).Draw(t, "first"), rapid.IntRange(1900, 2020).Draw(t, "from")
		year := from + rapid.IntRange(0, min(round, 99)-1).Draw(t, "age")
		n := (year - first) % round
		if down {
			n = -n
		}
		n = (n + round) % round
		var code strings.Builder
		if length == 2 {
			code.WriteByte(used[n/len(used)])
		}
		code.WriteByte(used[n%len(used)])
		form := events.SerialForm{
			Pattern: fmt.Sprintf("X[0-9A-Z]{%d}[0-9]{4}", length), From: fmt.Sprint(from), Until: fmt.Sprint(from + min(round, 99) - 1),
			Year: &events.SerialCode{At: 2, Length: uint32(length), Signs: signs, First: fmt.Sprint(first), Down: down},
		}
		got := reference.CheckSerial([]events.SerialForm{form}, "X"+code.String()+"0042", 0)
		require.Equal(t, []int{year}, got.Years, "%+v %s", form.Year, code.String())
		require.Equal(t, reference.Fits, reference.CheckSerial([]events.SerialForm{form}, "X"+code.String()+"0042", year).Result)
		other := year + rapid.SampledFrom([]int{-1, 1}).Draw(t, "off")
		require.NotEqual(t, reference.Fits, reference.CheckSerial([]events.SerialForm{form}, "X"+code.String()+"0042", other).Result)
	})
}
