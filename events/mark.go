package events

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bears says whether a mark of this status has a text.
func (m *Mark) Bears() bool {
	return m.Status == "readable" || m.Status == "partial" || m.Status == "restored"
}

// Finds says whether a mark of this kind can find a weapon: import and proof
// marks compare, they never find.
func (m *Mark) Finds() bool { return m.Kind == "serial" || m.Kind == "owner_applied" }

// checkMark notes where kind, status and text of a mark do not fit together.
func (d *decoder) checkMark(m *Mark) {
	if !m.Bears() {
		if m.Text != "" {
			d.faultAt("text", codeTextForbidden)
		}
		if m.Series != "" {
			d.faultAt("series", codeTextForbidden)
		}
		return
	}
	if m.Text == "" {
		d.faultAt("text", codeTextRequired)
		return
	}
	if m.Finds() {
		if code := checkNumber(m); code != "" {
			d.faultAt("text", code)
		}
		if strings.ContainsAny(m.Series, "?*") {
			d.faultAt("series", codeWildcard)
		}
	}
}

// checkNumber gives the code of what is wrong with the text of a mark that
// finds, "" for nothing.
func checkNumber(m *Mark) (code string) {
	var number, letter, wild bool
	for i, r := range m.Text {
		switch {
		case r < utf8.RuneSelf:
			s := signs[m.Text[i]]
			number = number || s == digit
			letter = letter || s&(upper|lower) != 0
			wild = wild || r == '?' || r == '*'
		case unicode.IsLetter(r):
			letter = true
		case unicode.IsNumber(r):
			number = true
		}
	}
	switch {
	case !number && !letter:
		return codeNoKnownSign
	case wild && m.Status != "partial":
		return codeWildcard
	case !wild && m.Status == "partial":
		return codeNoWildcard
	case !number && m.Kind == "serial" && statusWord(m.Text) != "":
		return codeSerialIsStatus
	}
	return ""
}

// statusWord is the mark status that a text without digits names, "" if it
// names none: people write "RASPADO" where a number belongs.
func statusWord(text string) (status string) {
	words := strings.FieldsFunc(foldLetters(text), func(r rune) bool { return !unicode.IsLetter(r) })
	phrase := strings.Join(words, " ")
	if status := statusPhrases[phrase]; status != "" {
		return status
	}
	if len(phrase) > 2 && strings.Trim(phrase, "X ") == "" {
		return notRecorded
	}
	phrase = " " + phrase + " "
	for _, w := range statusWords {
		if strings.Contains(phrase, " "+w.start) {
			return w.status
		}
	}
	return ""
}

// foldLetters is the text in upper case, without accents and without compatibility
// signs such as º.
func foldLetters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, norm.NFKD.String(text))
}

// statusPhrases are whole texts, folded, words parted by one space.
var statusPhrases = map[string]string{
	"S N": neverMarked, "SN": neverMarked, "S NO": neverMarked, "S NUM": neverMarked, "S NR": neverMarked, "SEM": neverMarked,
	"N A": notRecorded, "NA": notRecorded, "N D": notRecorded, "ND": notRecorded, "N I": notRecorded, "NI": notRecorded,
	"N C": notRecorded, "NC": notRecorded, "NIL": notRecorded, "NULL": notRecorded, "NO": neverMarked, "NON": neverMarked,
	"NONE": neverMarked, "NAO": neverMarked, "NENHUM": neverMarked, "NENHUMA": neverMarked, "NINGUNO": neverMarked,
	"AUCUN": neverMarked, "AUCUNE": neverMarked, "NESSUNO": neverMarked, "KEINE": neverMarked,
	"НЕТ": neverMarked, "НЕМА": neverMarked, "НЕМАЄ": neverMarked, "Б Н": neverMarked, "БН": neverMarked,
	"NUMERO": notRecorded, "NUMBER": notRecorded, "SERIAL": notRecorded, "SERIAL NUMBER": notRecorded,
}

// statusWords are beginnings of words, folded, or whole words where a space
// ends them. The first that a text holds decides: what was done to a number
// says more than that there is none.
var statusWords = []struct{ start, status string }{
	// Portuguese and Spanish
	{"RASPAD", obliterated}, {"SUPRIMID", obliterated}, {"OBLITERAD", obliterated}, {"ADULTERAD", obliterated},
	{"LIMAD", obliterated}, {"LIXAD", obliterated}, {"APAGAD", obliterated}, {"BORRAD", obliterated},
	{"REMOVID", obliterated}, {"ILEGIVE", obliterated}, {"ILEGIBLE", obliterated}, {"ERRADICAD", obliterated},
	{"ESMERILAD", obliterated}, {"DESTRUID", obliterated}, {"DANIFICAD", obliterated},
	{"PINAD", obliterated}, {"PICOTAD", obliterated}, {"PREJUDICAD", obliterated}, {"SUMPRIMID", obliterated}, {"NAO LEGIVE", obliterated},
	// English
	{"OBLITERAT", obliterated}, {"DEFACED", obliterated}, {"FILED ", obliterated}, {"SCRATCHED", obliterated},
	{"GROUND ", obliterated}, {"REMOVED", obliterated}, {"ERASED", obliterated}, {"ILLEGIB", obliterated},
	{"UNREADABLE", obliterated}, {"ALTERED", obliterated}, {"DESTROYED", obliterated},
	// French, Italian, German
	{"ILLISIBLE", obliterated}, {"EFFACE", obliterated}, {"MEULE", obliterated}, {"LIMEE", obliterated},
	{"ABRAS", obliterated}, {"ILLEGGIBIL", obliterated}, {"PUNZONAT", obliterated}, {"UNLESERLICH", obliterated},
	{"ENTFERNT", obliterated}, {"AUSGESCHLIFFEN", obliterated},
	// Russian and Ukrainian; accents, and with them the dots of Ї and the bow of Й, are folded away
	{"СПИЛЕН", obliterated}, {"СБИТ", obliterated}, {"СТЕРТ", obliterated}, {"УНИЧТОЖЕН", obliterated},
	{"ЗНИЩЕН", obliterated}, {"НЕРАЗБОРЧИВ", obliterated}, {"НЕРОЗБІРЛИВ", obliterated},

	{"INEXIST", neverMarked}, {"AUSENTE", neverMarked}, {"POSSUI ", neverMarked}, {"NAO TEM ", neverMarked}, {"NO TIENE ", neverMarked},
	{"ARTESANA", neverMarked}, {"CASEIRA", neverMarked}, {"SEM ", neverMarked}, {"SIN ", neverMarked},
	{"WITHOUT ", neverMarked}, {"UNMARKED", neverMarked}, {"UNSERIAL", neverMarked}, {"HOMEMADE", neverMarked},
	{"SANS ", neverMarked}, {"SENZA ", neverMarked}, {"OHNE ", neverMarked}, {"БЕЗ ", neverMarked},
	{"ОТСУТСТВ", neverMarked}, {"ВІДСУТН", neverMarked},

	{"DESCONHECID", notRecorded}, {"DESCONOCID", notRecorded}, {"IGNORAD", notRecorded}, {"IDENTIFICAD", notRecorded},
	{"INFORMAD", notRecorded}, {"CONSTA ", notRecorded}, {"APARENT", notRecorded}, {"VISIVE", notRecorded}, {"VISIBLE", notRecorded},
	{"UNKNOWN", notRecorded}, {"APPLICABLE", notRecorded}, {"RECORDED", notRecorded}, {"AVAILABLE", notRecorded}, {"MISSING", notRecorded},
	{"INCONNU", notRecorded}, {"SCONOSCIUT", notRecorded}, {"UNBEKANNT", notRecorded},
	{"НЕИЗВЕСТ", notRecorded}, {"НЕВІДОМ", notRecorded}, {"НЕВСТАНОВЛЕН", notRecorded},

	{"NO ", neverMarked},
}

const (
	obliterated = "obliterated"
	neverMarked = "never_marked"
	notRecorded = "not_recorded"
)
