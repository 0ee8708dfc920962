module github.com/armslog/armslog/events/internal/decodebench

go 1.26.8

require (
	github.com/armslog/armslog v0.0.0
	github.com/mailru/easyjson v0.9.2
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/josharian/intern v1.0.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/armslog/armslog => ../../..
