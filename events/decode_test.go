package events

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func sampleRecord(t testing.TB) []byte {
	b, err := os.ReadFile("testdata/record.json")
	require.NoError(t, err)
	return b
}

func TestDecodeContractRecord(t *testing.T) {
	body, errs := Decode(TypeRecordSubmitted, sampleRecord(t))
	require.Empty(t, errs)
	r := body.(*RecordSubmitted)
	require.Equal(t, Source{"state-rdo", "D-101/2019/384/1"}, r.Source)
	require.EqualValues(t, 1, r.BaseRevision)
	require.Len(t, r.Firearm.Marks, 3)
	require.Equal(t, Mark{Kind: "serial", Place: "barrel", Status: "partial", Text: "?V204*"}, r.Firearm.Marks[1])
	require.Equal(t, "930200", r.Incident.Customs.HSCode)
	require.Equal(t, []Leg{{"PY", "departure"}, {"BR", "destination"}}, r.Incident.Route)
	require.Equal(t, MustDate("2017"), r.Origin.Diversion.Date)
	require.Equal(t, MustDate("2031-11-23"), r.RetainUntil)
}

// Names and texts are found eight bytes at a time, or in place: wherever white
// space, escapes and other scripts stand, the body is the same.
func TestDecodeHoweverItIsWritten(t *testing.T) {
	want, errs := Decode(TypeRecordSubmitted, sampleRecord(t))
	require.Empty(t, errs)
	compact := string(must(json.Marshal(want)))
	spaced := strings.NewReplacer(`":`, `" : `, `,"`, " ,\n\t\"", `{"`, `{ "`, `}`, " }", `[`, "[ ").Replace(compact)
	escaped := strings.NewReplacer(`"type"`, `"t\u0079pe"`, `"marks"`, `"\u006darks"`, `"source"`, `"\u0073ource"`).Replace(compact)
	for _, written := range []string{compact, spaced, escaped, strings.ReplaceAll(compact, "revolver", `r\u0065volver`)} {
		got, errs := Decode(TypeRecordSubmitted, []byte(written))
		require.Empty(t, errs, written)
		require.Equal(t, want, got)
	}
}

// A text ends where it ends, whatever stands before and behind, at each place in
// a word of eight bytes.
func TestTextsOfEveryLength(t *testing.T) {
	for length := range 30 {
		for at := range length + 1 {
			for _, sign := range []string{"", "é", `\"`, `\\`, "Я", " ", "~", "\x7f", "\xff", "\x1f", "\x00"} {
				text := strings.Repeat("a", at) + sign + strings.Repeat("b", length-at)
				s := scanner{s: `"` + text + `":1`}
				got := s.str()
				var want string
				if json.Unmarshal([]byte(`"`+text+`"`), &want) != nil {
					require.True(t, s.bad, "%q", text)
					continue
				}
				if sign != "\xff" { // the caller has looked for valid UTF-8
					require.Equal(t, want, got)
				}
				require.Equal(t, sign == "é" || sign == "Я" || sign == "\xff", s.wide, "%q", text)
				require.Equal(t, ":1", s.s[s.i:])
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	full := sampleRecord(b)
	short := []byte(`{"source":{"system":"state-rdo","id":"D-101/2019/384/1"},"category":"seized","firearm":{"type":"revolver","make":"taurus","calibre":"38","marks":[{"kind":"serial","place":"frame","status":"readable","text":"RV204187"}]},"incident":{"date":"2019","country":"BR","subdivision":"BR-SP","place":"SAO PAULO","case_number":"D-101/2019/384"},"retain_until":"2031-11-23"}`)
	for name, value := range map[string][]byte{"full": full, "short": short} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(value)))
			for b.Loop() {
				if _, errs := Decode(TypeRecordSubmitted, value); errs != nil {
					b.Fatal(errs)
				}
			}
		})
	}
}

func BenchmarkDigest(b *testing.B) {
	body, _ := Decode(TypeRecordSubmitted, sampleRecord(b))
	r := body.(*RecordSubmitted)
	b.ReportAllocs()
	for b.Loop() {
		Digest(r)
	}
}

// smallest is a valid record without its closing brace.
const smallest = `{"source":{"system":"rms","id":"1"},"category":"lost","firearm":{"type":"pistol","marks":[{"kind":"serial","status":"not_recorded"}]},"incident":{"country":"BR"},"retain_until":"2031"`

func TestDecodeNotJSON(t *testing.T) {
	for _, value := range []string{
		"", " ", "x", "{", "}", smallest, smallest + "}}", smallest + "} x", smallest + ",}", smallest + `,"deny":["NCB-ZZ",]}`, smallest + `,"deny":[,]}`,
		smallest + `,deny:1}`, smallest + `,'deny':1}`, smallest + `,"deny" 1}`, smallest + `,"deny":}`, smallest + `,"x":01}`, smallest + `,"x":1.}`,
		smallest + `,"x":.5}`, smallest + `,"x":1e}`, smallest + `,"x":+1}`, smallest + `,"x":NaN}`, smallest + `,"x":nul}`, smallest + `,"x":truth}`,
		smallest + `,"x":"` + "\n" + `"}`, smallest + `,"x":"\x"}`, smallest + `,"x":"\u12"}`, smallest + `,"x":"\ud800"}`, smallest + `,"x":"\ud800\u0041"}`,
		smallest + `,"x":"\udc00"}`, smallest + ",\"x\":\"\xff\"}", smallest + ",\"x\":\"\x00\"}", "\ufeff" + smallest + "}", smallest + "}\x00",
		smallest + `,"x":"`, smallest + `,"x":"\`, smallest + `,"x`, smallest + `,"x":[1`, smallest + `,"x":[1 2]}`, smallest + `,"x":{"a":1 "b":2}}`,
	} {
		body, errs := Decode(TypeRecordSubmitted, []byte(value))
		require.Nil(t, body)
		require.Equal(t, []FieldError{{Code: "not_json"}}, errs, "%q", value)
		_, errs = Read(TypeRecordSubmitted, []byte(value))
		require.Equal(t, []FieldError{{Code: "not_json"}}, errs, "%q", value)
	}
}

func TestDecodeBounds(t *testing.T) {
	pad := func(n int) []byte { return []byte(smallest + "}" + strings.Repeat(" ", n-len(smallest)-1)) }
	_, errs := Decode(TypeRecordSubmitted, pad(MaxBody))
	require.Empty(t, errs)
	_, errs = Decode(TypeRecordSubmitted, pad(MaxBody+1))
	require.Equal(t, []FieldError{{Code: "too_large"}}, errs)

	_, errs = Decode(TypeRecordSubmitted, []byte(smallest+`,"x":`+strings.Repeat("[", maxDepth-1)+strings.Repeat("]", maxDepth-1)+"}"))
	require.Equal(t, []FieldError{{Pointer: "/x", Code: "unknown_field"}}, errs)
	for _, open := range []string{"[", `{"a":`} {
		_, errs = Decode(TypeRecordSubmitted, []byte(smallest+`,"x":`+strings.Repeat(open, 3000)))
		require.Equal(t, []FieldError{{Code: "too_deep"}}, errs)
		_, errs = Decode(TypePolicySet, []byte(`{"x":`+strings.Repeat(open, 3000)))
		require.Equal(t, []FieldError{{Code: "too_deep"}}, errs)
	}

	_, errs = Decode("armslog.sneeze.v1", []byte("{}"))
	require.Equal(t, []FieldError{{Pointer: "/headers/ce_type", Code: "unknown_type"}}, errs)
}

func TestDecodeEscapes(t *testing.T) {
	body, errs := Decode(TypeRecordSubmitted, []byte(` {"sou\u0072ce" : {"system":"rms","id":"\"\\\/\u00e9\ud83d\ude00"} , "category":"l\u006fst",
		"firearm":{"type":"pistol","marks":[{"kind":"serial","status":"not_recorded"}]},"incident":{"country":"BR"},"retain_until":"2031"}`+"\r\n\t "))
	require.Empty(t, errs)
	require.Equal(t, "\"\\/é😀", body.(*RecordSubmitted).Source.ID)
	require.Equal(t, "lost", body.(*RecordSubmitted).Category)
	_, errs = Decode(TypeRecordSubmitted, []byte(smallest+`,"handling":"\u0000\b\f\n\r\t"}`))
	require.Equal(t, []FieldError{{Pointer: "/handling", Code: "not_in_list"}}, errs)
}

// What was accepted once is read for ever, whatever became of the rules.
func TestReadIsLenient(t *testing.T) {
	value := `{"source":{"system":"old system","id":""},"category":"wanted","colour":{"x":[1,null]},"category":"lost",
		"firearm":{"type":"musket","make":"mail a@b.example","barrel_length_mm":99999,"manufactured":"17th century","marks":[
		{"kind":"serial","status":"readable","text":"RASPADO"},{"kind":"serial","status":"faint","text":"A\u0301"}],"features":["x","x",5]},"deny":null,"retain_until":"2031"}`
	_, errs := Decode(TypeRecordSubmitted, []byte(value))
	require.NotEmpty(t, errs)
	body, errs := Read(TypeRecordSubmitted, []byte(value))
	require.Empty(t, errs)
	require.Equal(t, &RecordSubmitted{
		Source: Source{System: "old system"}, Category: "wanted",
		Firearm: Firearm{Type: "musket", Make: "mail a@b.example", Features: []string{"x", "x"}, Marks: []Mark{
			{Kind: "serial", Status: "readable", Text: "RASPADO"}, {Kind: "serial", Status: "faint", Text: "A\u0301"}}},
		RetainUntil: MustDate("2031"),
	}, body)
}

// The document's own order, and all of it.
func TestErrorsInOrder(t *testing.T) {
	_, errs := Decode(TypeSearchMade, []byte(`{"limit":0,"firearm":{"marks":[{"kind":"serial","status":"readable","text":"12?"},{"status":"lost"}],"make":""},"x":1,"context":"recovered","x":2}`))
	require.Equal(t, []FieldError{
		{Pointer: "/limit", Code: "out_of_range"}, {Pointer: "/firearm/marks/0/text", Code: "wildcard_not_partial"},
		{Pointer: "/firearm/marks/1/status", Code: "not_in_list"}, {Pointer: "/firearm/marks/1/kind", Code: "required"},
		{Pointer: "/firearm/make", Code: "empty"}, {Pointer: "/x", Code: "unknown_field"}, {Pointer: "/x", Code: "unknown_field"},
		{Pointer: "/purpose", Code: "required"},
	}, errs)
}

func TestStatusWords(t *testing.T) {
	for status, texts := range map[string][]string{
		"obliterated":  {"RASPADO", "Numeração raspada", "SUPRIMIDA", "Obliterated", "filed off", "illisible", "abrasa", "ausgeschliffen", "СПИЛЕН", "номер знищено", "ilegível", "PINADO", "Prejudicado"},
		"never_marked": {"S/N", "s/n.", "SEM NUMERO", "sem numeração aparente", "SIN NÚMERO", "NO SERIAL", "none", "sans numéro", "ohne Nummer", "БЕЗ НОМЕРА", "відсутній", "INEXISTENTE", "artesanal", "S/Nº", "NÃO POSSUI", "não tem", "AUSENTE"},
		"not_recorded": {"N/A", "N/C", "NÃO CONSTA", "desconhecido", "unknown", "não informado", "unbekannt", "невідомий", "NAO  APARENT", "no visible", "XXXX"},
		"":             {"RV204187", "ABC", "KTO", "SEMX", "CONSTABULARY", "МА", "XX", "XXA"},
	} {
		for _, text := range texts {
			require.Equal(t, status, statusWord(text), text)
		}
	}
}

func TestPersonal(t *testing.T) {
	for _, s := range []string{
		"a@b.ch", "write to a.b-c@d.example now", "+55 11 91234", "+(11) 912 34 56", "12 345 678-90", "123.456.789-09", "123-45-6789", "passport AB1234567", "1234567", "(11) 91234-5678",
	} {
		require.True(t, personal(s), s)
	}
	for _, s := range []string{
		"", "taurus", "7.62X39", ".40 S&W", "Decree 10.030/2019, Law 10.826/2003", "Model 1911 A1", "P226 MK25", "12.7x108", "123456", "a @ b.c", "a@b", "@b.c", "9 mm 2019-05-14", "+49 12 34", "1 2 3 4   5 6 7 8",
	} {
		require.False(t, personal(s), s)
	}
}
