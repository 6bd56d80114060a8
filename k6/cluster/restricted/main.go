// Checks that the pods of a manifest are admitted under the Pod Security Standard "restricted", by Kubernetes' own
// rules: those of a Deployment, and those that the k6-operator makes of a TestRun.
package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// testRun is a TestRun as far as it decides about security.
type testRun struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Runner      pod  `json:"runner"`
		Initializer *pod `json:"initializer"`
		Starter     pod  `json:"starter"`
	} `json:"spec"`
}

// pod is what a TestRun says of one kind of its pods.
type pod struct {
	Image                    string                    `json:"image"`
	SecurityContext          corev1.PodSecurityContext `json:"securityContext"`
	ContainerSecurityContext corev1.SecurityContext    `json:"containerSecurityContext"`
	Volumes                  []corev1.Volume           `json:"volumes"`
}

// spec is the pod that the operator makes (pkg/resources/jobs of its source).
func (p pod) spec() corev1.PodSpec {
	return corev1.PodSpec{
		SecurityContext: &p.SecurityContext,
		Volumes:         p.Volumes,
		Containers:      []corev1.Container{{Name: "k6", Image: p.Image, SecurityContext: &p.ContainerSecurityContext}},
	}
}

// pods are the pods that a document of a manifest leads to, by name.
func pods(document []byte) (map[string]corev1.PodSpec, error) {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		return nil, err
	}
	switch kind.Kind {
	case "Deployment":
		var deployment appsv1.Deployment
		err := yaml.UnmarshalStrict(document, &deployment)
		return map[string]corev1.PodSpec{"Deployment " + deployment.Name: deployment.Spec.Template.Spec}, err
	case "TestRun":
		var run testRun
		err := yaml.Unmarshal(document, &run)
		initializer := run.Spec.Runner
		if run.Spec.Initializer != nil {
			initializer = *run.Spec.Initializer
		}
		return map[string]corev1.PodSpec{
			"runner":      run.Spec.Runner.spec(),
			"initializer": initializer.spec(),
			"starter":     run.Spec.Starter.spec(),
		}, err
	default:
		return nil, nil
	}
}

// check prints a line for each pod of a manifest. How many there are, and how many are not admitted.
func check(path string, evaluator policy.Evaluator) (checked, forbidden int, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, document := range strings.Split(string(text), "\n---\n") {
		specs, err := pods([]byte(document))
		if err != nil {
			return checked, forbidden, err
		}
		for _, name := range slices.Sorted(maps.Keys(specs)) {
			checked++
			spec := specs[name]
			result := policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &metav1.ObjectMeta{}, &spec))
			if result.Allowed {
				fmt.Printf("%s: %s is admitted\n", path, name)
				continue
			}
			forbidden++
			fmt.Printf("%s: %s is forbidden: %s\n", path, name, result.ForbiddenDetail())
		}
	}
	return checked, forbidden, nil
}

func main() {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		fail(err.Error())
	}
	if len(os.Args) < 2 {
		fail("usage: restricted MANIFEST...")
	}
	all := 0
	for _, path := range os.Args[1:] {
		checked, forbidden, err := check(path, evaluator)
		switch {
		case err != nil:
			fail(fmt.Sprintf("%s: %v", path, err))
		case checked == 0:
			fail(path + ": it leads to no pod")
		}
		all += forbidden
	}
	if all > 0 {
		fail(fmt.Sprintf("%d pods are forbidden", all))
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, "restricted: "+message)
	os.Exit(1)
}
