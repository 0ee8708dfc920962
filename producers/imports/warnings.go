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
	"stored_as_number":   {Message: "the sheet holds the number as a quantity: zeros at its beginning may be lost", Hint: "format the column as text, and type the number again where it began with 0"},
	"stored_as_date":     {Message: "the sheet has turned the number into a date", Hint: "format the column as text, and type the number again"},
	"cell_error":         {Message: "the cell holds an error of the spreadsheet and is left out", Hint: "mend the formula"},
	"left_out":           {Message: "the text is not one that the field can hold, and is left out", Hint: "correct it in the source"},
	"not_of_the_weapon":  {Message: "the number is that of a seal, a calibre or a quantity", Hint: "correct it in the source"},
}

func warning(path, code string) events.FieldError {
	w := warningTexts[code]
	w.Code, w.Pointer = code, pointerOf(path)
	return w
}

func pointerOf(path string) string { return "/" + strings.ReplaceAll(path, ".", "/") }

// CellWarning is the code of what a sheet may have done to a number that
// stands in such a cell; "" = nothing.
func CellWarning(c Cell) string {
	switch c {
	case CellNumber:
		return "stored_as_number"
	case CellPower:
		return "number_destroyed"
	case CellDate:
		return "stored_as_date"
	case CellError:
		return "cell_error"
	}
	return ""
}
