# One static program, no shell, no root. The tag cluster leaves out the embedded
# ClickHouse, which calls into a shared library: a node of a cluster has a real one.
FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -tags cluster -trimpath -ldflags "-s -w" -o /out/armslog ./cmd/armslog && mkdir -p /out/armslog/node /out/armslog/passwords /out/armslog/keys

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/armslog /usr/local/bin/armslog
# A new volume takes over the owner of the directory that it is mounted on.
COPY --from=build --chown=nonroot:nonroot /out/armslog /var/lib/armslog
USER nonroot
ENTRYPOINT ["/usr/local/bin/armslog"]
