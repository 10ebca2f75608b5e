"""What checkov finds and we leave as it is, each with the reason: (check, kind of object) -> why."""

EXCEPTIONS = {
    ("CKV_K8S_11", "Deployment"): "no limit of CPU: being throttled adds to the time that every mail takes",
    ("CKV_K8S_11", "StatefulSet"): "the same",
    ("CKV_K8S_15", "Deployment"): "IfNotPresent: a tag of ours never changes, and a registry that is down must not stop mail",
    ("CKV_K8S_15", "StatefulSet"): "the same",
    ("CKV_K8S_43", "Deployment"): "a digest is a value (image.digest), but the chart can't know that of the user's build",
    ("CKV_K8S_43", "StatefulSet"): "the same",
    ("CKV_K8S_40", "Deployment"): "standalone-full has runAsUser null, for clusters that choose the user themselves",
    # The rest is about the container of Postfix, never about ours; test_kubernetes_profiles.py tells them apart.
    ("CKV_K8S_8", "StatefulSet"): "Postfix's master starts its own processes again; to kill it for a slow answer loses time",
    ("CKV_K8S_22", "StatefulSet"): "the image of Postfix writes its configuration when it starts",
    ("CKV_K8S_23", "StatefulSet"): "Postfix starts as root and gives it up process by process",
    ("CKV_K8S_25", "StatefulSet"): "for that it needs the capabilities that the chart lists",
    ("CKV_K8S_40", "StatefulSet"): "the same",
}
