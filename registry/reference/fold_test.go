package reference

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		".40 S&W": "40SW", "Česká zbrojovka": "CESKAZBROJOVKA", "ＦＡＭＡＥ": "FAMAE", "Тула": "ТУЛА", "-": "", "": "",
		"7,62 mm": "762MM", "İmza": "IMZA",
	} {
		require.Equal(t, want, Fold(text), text)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		once := Fold(text)
		require.Equal(t, once, Fold(once), "a fold is its own fold")
	})
}

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"Forjas Taurus S.A.":     {"FORJAS", "TAURUS"},
		"W.W. Greener":           {"GREENER", "WW"},
		"7.62x39 mm":             {"762X39", "MM"},
		"CAL. 38":                {"38"},
		"C.28":                   {"28", "C"},
		"Fabbrica d'Armi":        {"DARMI", "FABBRICA"},
		"Arms Co.":               {"ARMS", "CO"}, // nothing but noise says that much
		"smith, smith & wesson":  {"SMITH", "WESSON"},
		"":                       nil,
		"ceská-zbrojovka (Brno)": {"BRNO", "CESKA", "ZBROJOVKA"},
	} {
		require.Equal(t, want, words(text), text)
	}
}
