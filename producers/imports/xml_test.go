package imports

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"
)

func newReader(r io.Reader) *bufio.Reader { return bufio.NewReader(r) }

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

var weapons = File{Record: "weapon", Columns: []Column{
	{Name: "id", Path: "@id"}, {Name: "serial", Path: "mark/serial"}, {Name: "code", Path: "make/@code"}, {Name: "make", Path: "make"},
}}

// What encoding/xml writes is read back, with namespaces, comments, quoted text
// and whatever else may stand around, under the line on which each record
// begins.
func TestXMLRoundTrip(t *testing.T) {
	type record struct {
		XMLName xml.Name `xml:"urn:example weapon"`
		ID      string   `xml:"id,attr"`
		Serial  string   `xml:"mark>serial"`
		Make    struct {
			Code string `xml:"code,attr"`
			Text string `xml:",chardata"`
		} `xml:"make"`
	}
	text := rapid.StringMatching(`[a-z0-9<>&"'\]ç\x{416}]([a-z <>&"'/!\[\]-]{0,8}[a-z])?`)
	between := rapid.SampledFrom([]string{"", "\n", "<!-- <weapon id='9'/> -->", "<![CDATA[<weapon>]]>", "<?x <weapon> ?>", "<other a='weapon>'/>", "<weapons2/>"})
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		var want [][]string
		var lines []int64
		b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<list>")
		for range rapid.IntRange(0, 5).Draw(t, "n") {
			b.WriteString(between.Draw(t, "between"))
			var r record
			r.ID, r.Serial, r.Make.Code, r.Make.Text = text.Draw(t, "id"), text.Draw(t, "serial"), text.Draw(t, "code"), text.Draw(t, "make")
			one, err := xml.MarshalIndent(r, "", rapid.SampledFrom([]string{"", " "}).Draw(t, "indent"))
			require.NoError(t, err)
			lines = append(lines, int64(1+bytes.Count(b.Bytes(), []byte("\n"))))
			want = append(want, []string{r.ID, r.Serial, r.Make.Code, r.Make.Text})
			b.Write(one)
		}
		b.WriteString(between.Draw(t, "end") + "</list>\n<!-- end -->\n")
		r, err := NewReader(iotest.OneByteReader(&b), Options{File: weapons})
		require.NoError(t, err)
		require.Equal(t, []string{"id", "serial", "code", "make"}, r.Header())
		for i := range want {
			row, err := r.Next()
			require.NoError(t, err)
			require.Nil(t, row.Err)
			require.Equal(t, want[i], row.Fields)
			require.Equal(t, lines[i], row.Line)
		}
		_, err = r.Next()
		require.ErrorIs(t, err, io.EOF)
	})
}

// TestBadXML holds the verdict of each record and that nothing else is lost.
func TestBadXML(t *testing.T) {
	good := func(id string) string {
		return `<weapon id="` + id + `"><mark><serial>` + id + `</serial></mark></weapon>`
	}
	latin, err := charmap.ISO8859_1.NewEncoder().String(`<weapon id="ção"/>`)
	require.NoError(t, err)
	for _, c := range []struct{ name, text, want string }{
		{"good", "<l>" + good("1") + good("2") + "</l>", "1 2"},
		{"unknown entity", "<l>" + good("1") + `<weapon id="&own;"/>` + good("2") + "</l>", "1 not_xml 2"},
		{"ends crossed", "<l>" + good("1") + `<weapon id="x"><a><b></a></b></weapon>` + good("2") + "</l>", "1 not_xml 2"},
		{"bare <", "<l>" + good("1") + `<weapon id="x"><mark>1<2</mark></weapon>` + good("2") + "</l>", "1 not_xml 2"},
		{"no end", "<l>" + good("1") + `<weapon id="x"><mark>` + good("2") + good("3") + "</l>", "1 not_xml 2 3"},
		{"quote that never closes", "<l>" + good("1") + `<weapon id="x><mark/></weapon>` + good("2") + good("3") + "</l>", "1 not_xml 2 3"},
		{"cut off in a record", "<l>" + good("1") + `<weapon id="2`, "1 not_xml"},
		{"cut off between records", "<l>" + good("1"), "1 not_xml"},
		{"ten megabytes", "<l>" + good("1") + `<weapon id="x">` + strings.Repeat("y", 10<<20) + `</weapon>` + good("2") + "</l>", "1 too_long 2"},
		{"a tag of ten megabytes", "<l>" + good("1") + `<weapon id="` + strings.Repeat("y", 10<<20) + `"/>` + good("2") + "</l>", "1 too_long 2"},
		{"deep", "<l>" + good("1") + `<weapon id="x">` + strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200) + `</weapon>` + good("2") + "</l>", "1 too_deep 2"},
		{"deep around", strings.Repeat("<a>", 1e5) + good("1") + strings.Repeat("</a>", 1e5), "1"},
		{"nul", "<l>" + good("1") + "<weapon id=\"\x00\"/>" + good("2") + "</l>", "1 not_xml 2"},
		{"latin-1 that is not declared", "<l>" + good("1") + latin + good("2") + "</l>", "1 ção 2"},
		{"latin-1", `<?xml version="1.0" encoding="ISO-8859-1"?><l>` + latin + "</l>", "ção"},
		{"no records", "<l/>", ""},
	} {
		r, err := NewReader(strings.NewReader(c.text), Options{File: weapons})
		require.NoError(t, err, c.name)
		var got []string
		for {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, c.name)
			if row.Err != nil {
				got = append(got, row.Err.Code)
			} else {
				got = append(got, row.Fields[0])
			}
		}
		require.Equal(t, c.want, strings.Join(got, " "), c.name)
	}
}

// What nothing can be read of is refused before any row.
func TestNoXML(t *testing.T) {
	for _, c := range []struct {
		name, text, code string
		file             File
	}{
		{"document type", `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY own "x">]><l><weapon id="&own;"/></l>`, "dtd_refused", weapons},
		{"document type late", `<!-- --><!DOCTYPE l><weapon/>`, "dtd_refused", weapons},
		{"character set", `<?xml version="1.0" encoding="EBCDIC-CP-BE"?><l/>`, "encoding_unknown", weapons},
		{"no element", `<?xml version="1.0"?>`, "empty_file", weapons},
		{"no mapping", `<l/>`, "mapping_needed", File{}},
		{"utf-16", "\xff\xfe<\x00", "utf16", weapons},
	} {
		_, err := NewReader(strings.NewReader(c.text), Options{File: c.file})
		var file *FileError
		require.ErrorAs(t, err, &file, c.name)
		require.Equal(t, c.code, file.Code, c.name)
	}
}
