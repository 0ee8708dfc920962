// Package deploy holds docker-compose.yml to what it names and to what it does:
// no container runs in tests, so its settings and commands run as processes.
package deploy

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

const root = "../.."

// load reads docker-compose.yml as docker compose does, all profiles.
func load(t *testing.T, variables types.Mapping) *types.Project {
	t.Helper()
	dir, err := filepath.Abs(root)
	require.NoError(t, err)
	details := types.ConfigDetails{
		WorkingDir: dir, Environment: variables, ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "docker-compose.yml")}},
	}
	p, err := loader.LoadWithContext(t.Context(), details, func(o *loader.Options) {
		o.SetProjectName("armslog", true)
		o.Profiles = []string{"*"}
	})
	require.NoError(t, err)
	return p
}

// makeSecrets runs the script that an operator runs.
func makeSecrets(t *testing.T) (dir string) {
	t.Helper()
	for _, tool := range []string{"sh", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			embeddedtest.Missing(t, err)
		}
	}
	dir = filepath.Join(t.TempDir(), "secrets")
	out, err := exec.CommandContext(t.Context(), "sh", filepath.Join(root, "deploy", "make-secrets.sh"), dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return dir
}

// TestComposeFile: whatever the file names is there.
func TestComposeFile(t *testing.T) {
	p := load(t, nil)
	made := makeSecrets(t)
	for _, s := range p.Secrets {
		require.Equal(t, filepath.Join(p.WorkingDir, "deploy", "secrets"), filepath.Dir(s.File))
		require.FileExists(t, filepath.Join(made, filepath.Base(s.File)), "deploy/make-secrets.sh makes no %s", filepath.Base(s.File))
	}
	for _, c := range p.Configs {
		require.FileExists(t, c.File)
	}
	used := map[string]bool{}
	for name, s := range p.Services {
		t.Run(name, func(t *testing.T) {
			checkImage(t, s)
			checkDependencies(t, p, s)
			checkPaths(t, s)
		})
		for _, v := range s.Volumes {
			require.Equal(t, types.VolumeTypeVolume, v.Type, "%s mounts a path of the host", name)
			used[v.Source] = true
		}
	}
	require.Len(t, used, len(p.Volumes), "a volume that nobody mounts: %v", slices.Collect(maps.Keys(p.Volumes)))
	for _, ignored := range []string{".gitignore", ".dockerignore"} {
		require.Contains(t, read(t, ignored), "deploy/secrets", "secrets could get into %s's keeping", ignored)
	}
}

var pinned = regexp.MustCompile(`^[\w./-]+:[\w-]*[0-9][\w.-]*$`)

// checkImage: a name of an image says which one.
func checkImage(t *testing.T, s types.ServiceConfig) {
	if s.Build == nil {
		require.Regexp(t, pinned, s.Image)
		return
	}
	file, err := os.ReadFile(filepath.Join(s.Build.Context, s.Build.Dockerfile))
	require.NoError(t, err)
	bases := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(string(file), -1)
	require.NotEmpty(t, bases)
	for _, b := range bases {
		require.Regexp(t, `^[\w./-]+:[\w.-]+$`, b[1])
		require.NotContains(t, b[1], ":latest")
	}
	require.Contains(t, string(file), "\nUSER nonroot\n")
}

// checkDependencies: whoever is waited for can become what is waited for.
func checkDependencies(t *testing.T, p *types.Project, s types.ServiceConfig) {
	for name, d := range s.DependsOn {
		other, err := p.GetService(name)
		require.NoError(t, err)
		switch d.Condition {
		case types.ServiceConditionHealthy:
			require.NotNil(t, other.HealthCheck, "%s is never healthy", name)
		case types.ServiceConditionCompletedSuccessfully:
			require.Empty(t, other.Restart, "%s does not end", name)
		}
	}
	if s.Restart == "" {
		return
	}
	for _, port := range s.Ports {
		require.Equal(t, "127.0.0.1", port.HostIP, "it has no TLS")
	}
	if len(s.Ports) == 0 {
		require.Equal(t, []string{"inside"}, slices.Collect(maps.Keys(s.Networks)))
		require.True(t, bool(p.Networks["inside"].Internal))
	}
}

var (
	secretPath = regexp.MustCompile(`/run/secrets[:/]([\w-]+)`)
	dataPath   = regexp.MustCompile(`/var/lib/(?:armslog|kafka|clickhouse)/\w+`)
)

// checkPaths: a file that a command or a setting names is in the container.
func checkPaths(t *testing.T, s types.ServiceConfig) {
	text := strings.Join(slices.Concat(s.Entrypoint, s.Command), "\n")
	for _, value := range s.Environment {
		text += "\n" + *value
	}
	var want, given []string
	for _, m := range secretPath.FindAllStringSubmatch(text, -1) {
		want = append(want, m[1])
	}
	for _, secret := range s.Secrets {
		given = append(given, secret.Source)
	}
	require.ElementsMatch(t, slices.Compact(slices.Sorted(slices.Values(want))), given, "secrets that are named, and those that are given")
	for _, path := range dataPath.FindAllString(text, -1) {
		require.True(t, slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Target == path }), "nothing is mounted at %s", path)
	}
}

// TestComposeProxy: the proxy knows the nodes, and only them.
func TestComposeProxy(t *testing.T) {
	p := load(t, nil)
	var want, got []string
	roles := map[string]int{}
	for name, s := range p.Services {
		if i := slices.IndexFunc(s.Command, func(arg string) bool { return strings.HasPrefix(arg, "--roles=") }); i >= 0 {
			want = append(want, name+" "+name+":8080")
			require.Contains(t, s.Command, "--listen=0.0.0.0:8080")
			for role := range strings.SplitSeq(strings.TrimPrefix(s.Command[i], "--roles="), ",") {
				roles[role]++
			}
		}
	}
	require.Equal(t, map[string]int{"registry": 2, "gateway": 2, "projector": 1, "courier": 1}, roles, "one leads, one takes over; two couriers would tell everything twice")
	text := read(t, "deploy/haproxy.cfg")
	for _, m := range regexp.MustCompile(`(?m)^\s+server (\S+ \S+)$`).FindAllStringSubmatch(text, -1) {
		got = append(got, m[1])
	}
	require.ElementsMatch(t, want, got)
	require.EqualValues(t, 8080, p.Services["proxy"].Ports[0].Target)
	require.Contains(t, text, "bind :8080\n")
	require.Contains(t, text, "option httpchk GET /readyz\n")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(text)
}
