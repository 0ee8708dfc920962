package imports

import (
	"strings"

	"github.com/armslog/armslog/events"
)

var warningTexts = map[string]events.FieldError{
	"implausible_date":   {Message: "the date cannot be right and is left out", Hint: "correct it in the source"},
	"date_unreadable":    {Message: "the date, or a part of it, cannot be read and is left out", Hint: "correct it in the source"},
	"not_in_table":       {Message: "the mapping has no code for this text", Hint: "add it to the mapping's table"},
	"not_a_number":       {Message: "the text is a phrase and no number", Hint: "say in the mapping what it means"},
	"number_destroyed":   {Message: "a spreadsheet has turned the number into a measurement", Hint: "export the column as text"},
	"looks_like_formula": {Message: "a spreadsheet may read this number as a power of ten", Hint: "keep the column as text"},
	"left_out":           {Message: "the text is not one that the field can hold, and is left out", Hint: "correct it in the source"},
	"not_of_the_weapon":  {Message: "the number is that of a seal, a calibre or a quantity", Hint: "correct it in the source"},
}

func warning(path, code string) events.FieldError {
	w := warningTexts[code]
	w.Code, w.Pointer = code, pointerOf(path)
	return w
}

func pointerOf(path string) string { return "/" + strings.ReplaceAll(path, ".", "/") }
