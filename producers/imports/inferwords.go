package imports

import (
	"slices"
	"strings"
	"unicode"
)

// What columns are called, and what stands in them, in English, Portuguese,
// Spanish and French; in folded form. A phrase before the bar says so by
// itself, one behind it only together with what stands in the column.
var columnNames = map[string]string{
	"mark": "SERIAL NUMBER,SERIAL NO,SERIAL,SERIALNUMBER,NUMERO DE SERIE,NUMERO SERIE,NUM SERIE,NRO SERIE,NRO DE SERIE,N SERIE,N DE SERIE,NO SERIE,NUMERO ARMA,NUMERO DA ARMA,NUMERO DE ARMA," +
		"NUMERO DEL ARMA,NUM ARMA,NRO ARMA,WEAPON NUMBER,WEAPONNUMBER,GUN NUMBER,NUMERO ARME,NUMERO DE L ARME,NUM ARME,MATRICULA,MATRICULE|SERIE,MARK,NUMBER,NUMERO",
	"firearm.make":    "MAKE,MAKER,MANUFACTURER,BRAND,MARCA,MARCA ARMA,MARCA DA ARMA,MARCA DEL ARMA,FABRICANTE,MARQUE,MARQUE ARME,FABRICANT,PRODUCER|FABRICA",
	"firearm.model":   "MODEL,MODELO,MODELO ARMA,MODELE,MODELE ARME|VERSION",
	"firearm.calibre": "CALIBRE,CALIBER,CALIBRE ARMA,CALIBRE DEL ARMA,CALIBRE DA ARMA,CALIBRE ARME,CALIBRO|CAL,BORE,GAUGE",
	"firearm.type": "WEAPON TYPE,FIREARM TYPE,GUN TYPE,TYPE OF WEAPON,WEAPON KIND,WEAPONKIND,TIPO ARMA,TIPO DE ARMA,TIPO DEL ARMA,ESPECIE ARMA,CLASE DE ARMA,DESCR ARMA,DESCRICAO ARMA,DESCR ARMA FOGO," +
		"TYPE ARME,TYPE D ARME,TYPE DE L ARME|TYPE,TIPO,KIND,CLASE,CLASSE,ESPECIE,GENRE,DESCR,DESCRICAO,DESCRIPCION,DESCRIPTION,ARMA,ARME,WEAPON",
	"category": "CATEGORY,CATEGORIA,CATEGORIE|STATUS,STATE,SITUACAO,SITUACION,SITUATION,STATUT,MOTIVO,MOTIF,REASON,MODO,EVENT,EVENTO,NATUREZA,DELITO,OCORRENCIA,TIPO,TYPE",
	"incident.date": "DATE,INCIDENT DATE,DATE OF LOSS,DATE OF THEFT,DATE OF SEIZURE,SEIZURE DATE,DATA,DATA OCORRENCIA,DATA DA OCORRENCIA,DATA APREENSAO,DATA DA APREENSAO,DATA FATO,DATA DO FATO,FECHA,FECHA HECHO,FECHA DEL HECHO," +
		"FECHA INCAUTACION,FECHA DE INCAUTACION,FECHA ROBO,DATE DU VOL,DATE DES FAITS,DATE DE SAISIE,ANO BO,ANO OCORRENCIA,ANO FATO,ANO HECHO|ANO,YEAR,ANNEE,DIA,JOUR,DAY,WHEN",
	"firearm.manufactured": "YEAR OF MANUFACTURE,MANUFACTURE YEAR,MANUFACTURED,DATE OF MANUFACTURE,ANO FABRICACAO,ANO DE FABRICACAO,ANO FABRICACION,ANO DE FABRICACION,ANNEE FABRICATION,ANNEE DE FABRICATION",
	"incident.country":     "COUNTRY,INCIDENT COUNTRY,PAIS,PAYS",
	"firearm.country_of_manufacture": "COUNTRY OF MANUFACTURE,COUNTRY OF ORIGIN,PAIS FABRICACAO,PAIS DE FABRICACAO,PAIS FABRICACION,PAIS DE FABRICACION,PAIS ORIGEM,PAIS DE ORIGEM,PAIS ORIGEN,PAIS DE ORIGEN," +
		"PAYS FABRICATION,PAYS DE FABRICATION,PAYS ORIGINE,PAYS D ORIGINE",
	"incident.place": "CITY,TOWN,PLACE,CIDADE,MUNICIPIO,CIUDAD,LOCALIDAD,LOCALIDADE,VILLE,COMMUNE|LIEU,LUGAR,LOCAL",
	"incident.case_number": "CASE NUMBER,CASE NO,CASE,FILE NUMBER,REPORT NUMBER,NUM BO,NUMERO BO,BOLETIM,NUMERO BOLETIM,INQUERITO,PROCESSO,NUMERO PROCESSO,EXPEDIENTE,NUMERO EXPEDIENTE,CAUSA,SUMARIO," +
		"DOSSIER,NUMERO DOSSIER,AFFAIRE,PROCES VERBAL,NUMERO PV|BO,PV,OCORRENCIA",
	"source.id": "ID,RECORD ID,ROW ID,UID,UUID,IDENTIFIANT,IDENTIFICADOR,NUMERO REGISTRO,NUMERO DE REGISTRO|CODE,CODIGO,COD,REFERENCE,REFERENCIA,REF,KEY,REGISTRO,ENREGISTREMENT",
}

// What a word of these in a column's name rules out.
var notNamed = map[string]string{
	"incident.date":    "FABRICACAO,FABRICACION,FABRICATION,MANUFACTURE,MANUFACTURED,NASCIMENTO,NACIMIENTO,NAISSANCE,BIRTH,CADASTRO,INSERT,UPDATE",
	"incident.country": "FABRICACAO,FABRICACION,FABRICATION,MANUFACTURE,ORIGEM,ORIGEN,ORIGINE,ORIGIN",
	"firearm.make":     "ANO,YEAR,ANNEE,PAIS,COUNTRY,PAYS,MES",
	"firearm.type":     "MARCA,CALIBRE,NUMERO,MODELO,MAKE,MODEL",
	"category":         "ARMA,ARME,WEAPON,GUN,FIREARM",
	"mark":             "CAL,CALIBRE,CALIBER,BO,CASE,PROCESSO,EXPEDIENTE,DOSSIER",
}

// What the texts of two columns mean.
var (
	typeTexts = codesByText(map[string]string{
		"pistol": "PISTOL,PISTOLA,PISTOLET,PISTOLETE,PISTOLAO,PISTOLON,GARRUCHA,GARRUCHAO,HANDGUN", "revolver": "REVOLVER",
		"rifle": "RIFLE,FUZIL,FUSIL,MOSQUETAO,MOSQUETON", "carbine": "CARBINE,CARABINA,CARABINE",
		"shotgun":        "SHOTGUN,ESPINGARDA,ESCOPETA,CARTUCHEIRA,FUSIL DE CHASSE,FUSIL A POMPE",
		"submachine_gun": "SUBMACHINE GUN,SMG,SUBMETRALHADORA,SUBFUSIL,SUBAMETRALLADORA,PISTOLA AMETRALLADORA,PISTOLET MITRAILLEUR,PISTOLET-MITRAILLEUR",
		"machine_gun":    "MACHINE GUN,METRALHADORA,AMETRALLADORA,MITRAILLEUSE", "launcher": "LAUNCHER,GRENADE LAUNCHER,LANZAGRANADAS,LANCA-GRANADAS,LANCE-GRENADES",
		"part": "PART,PECA,PIEZA,PIECE", "other": "OTHER,OUTRO,OUTROS,OTRO,OTROS,AUTRE,AUTRES", "unknown": "UNKNOWN,DESCONHECIDO,DESCONHECIDA,DESCONOCIDO,DESCONOCIDA,INCONNU,INCONNUE",
	})
	categoryTexts = codesByText(map[string]string{
		"lost":        "LOST,LOSS,PERDIDO,PERDIDA,EXTRAVIADO,EXTRAVIADA,EXTRAVIO,PERDU,PERDUE,PERTE",
		"stolen":      "STOLEN,THEFT,ROUBADO,ROUBADA,ROUBO,FURTADO,FURTADA,FURTO,ROBADO,ROBADA,ROBO,HURTADO,HURTADA,HURTO,SUBTRAIDO,SUBTRAIDA,VOLE,VOLEE,VOL",
		"seized":      "SEIZED,SEIZURE,APREENDIDO,APREENDIDA,APREENSAO,INCAUTADO,INCAUTADA,INCAUTACION,DECOMISADO,DECOMISADA,DECOMISO,SECUESTRADO,SECUESTRADA,SECUESTRO,SAISI,SAISIE",
		"found":       "FOUND,ENCONTRADO,ENCONTRADA,HALLADO,HALLADA,HALLAZGO,TROUVE,TROUVEE",
		"surrendered": "SURRENDERED,ENTREGUE,ENTREGADO,ENTREGADA,ENTREGA,REMIS,REMISE",
		"trafficked":  "TRAFFICKED,TRAFICO,TRAFIC", "smuggled": "SMUGGLED,CONTRABANDO,CONTREBANDE",
	})
)

func codesByText(lists map[string]string) map[string]string {
	out := map[string]string{}
	for code, texts := range lists {
		for text := range strings.SplitSeq(texts, ",") {
			out[text] = code
		}
	}
	return out
}

// codeOf finds the code of a text, or of its first word.
func codeOf(texts map[string]string, text string) string {
	folded := fold(text)
	if code, ok := texts[folded]; ok {
		return code
	}
	first, _, _ := strings.Cut(folded, " ")
	return texts[first]
}

// What stands in a mark's column where there is no number.
var inferredSays = []MarkStatus{
	{Status: "obliterated", Words: Words{
		Patterns: []string{`^[^0-9]*\b(?:OBLITERAT|SCRAPED|DEFACED|ERASED|ILLEGIBLE|FILED OFF|RASPAD|SUPRIM|SUPPRIM|ILEGIVEL|ILEGIBLE|LIMAD|LIXAD|BORRAD|ADULTERAD|EFFAC|ILLISIBLE|LIME)[^0-9]*$`}}},
	{Status: "never_marked", Words: Words{
		Texts:    []string{"SN", "S/N", "S.N.", "S N"},
		Patterns: []string{`^(?:NO|WITHOUT|SEM|SIN|SANS|PAS DE)\b[^0-9]*$`, `^S/[^0-9]*$`, `^(?:NAO POSSUI|NO POSEE|NO TIENE|AUCUN)[^0-9]*$`}}},
	{Status: "not_recorded", Words: Words{
		Texts:    []string{"NULL", "0", "N/A", "NA", "N/C", "N/I", "NC", "-", "--"},
		Patterns: []string{`^[^0-9]*\b(?:UNKNOWN|NOT RECORDED|NOT VISIBLE|DESCONHEC|DESCONOC|IGNORAD|NAO CONSTA|NO CONSTA|NAO INFORM|NO INFORM|INCONNU|NON RELEVE|NON COMMUNIQUE)[^0-9]*$`, `^[X ]{2,}$`}}},
}

var inferredAbsent = Words{Texts: []string{"-", "--", ".", "NULL", "N/A", "NA", "N/C", "N/I", "UNKNOWN", "IGNORADO", "DESCONHECIDO", "DESCONOCIDO", "INCONNU", "NAO INFORMADO", "NO INFORMADO"}}

// words are the words of a column's name, folded: anoFabricacao_final is ANO
// FABRICACAO FINAL.
func words(name string) []string {
	var b strings.Builder
	before := ' '
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			b.WriteByte(' ')
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			r = ' '
		}
		b.WriteRune(r)
		before = r
	}
	return strings.Fields(fold(b.String()))
}

// named says how well a column's name fits a field, from 0 to 1.
func named(field string, name []string) float64 {
	for no := range strings.SplitSeq(notNamed[field], ",") {
		if no != "" && slices.Contains(name, no) {
			return 0
		}
	}
	strong, weak, _ := strings.Cut(columnNames[field], "|")
	return max(namedBy(strong, name), 0.5*namedBy(weak, name))
}

func namedBy(phrases string, name []string) (best float64) {
	for phrase := range strings.SplitSeq(phrases, ",") {
		if phrase == "" {
			continue
		}
		of := strings.Fields(phrase)
		switch extra := len(name) - len(of); {
		case extra < 0:
		case extra == 0 && slices.Equal(of, name):
			return 1
		case contains(name, of):
			best = max(best, 0.9-0.1*float64(extra))
		}
	}
	return best
}

// contains says whether the words of a phrase stand in a name, one behind the
// other.
func contains(name, phrase []string) bool {
	for i := range len(name) - len(phrase) + 1 {
		if slices.Equal(name[i:i+len(phrase)], phrase) {
			return true
		}
	}
	return false
}
