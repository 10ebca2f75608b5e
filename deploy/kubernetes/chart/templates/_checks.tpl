{{/* What the schema of the values can't say. Everything that is rendered goes through here first. */}}
{{- define "postseal.checks" -}}
{{- $ours := list "listener" "admin" "reload" -}}
{{- range $ours }}
{{- if regexMatch (printf `(?m)^\s*\[\[?\s*%s\b` .) $.Values.config }}
{{- fail (printf "\n\nconfig: [%s] is made by the chart. Take it out, and use the values `listeners`, `listenHost` or `admin` instead.\n" .) }}
{{- end }}
{{- end }}
{{- if regexMatch `://[^@/]*:[^@]*@` .Values.store.url }}
{{- fail "\n\nstore.url: everybody who can see the pod could read the password. Put it into a Secret, and name that in store.passwordFrom.\n" }}
{{- end }}
{{- if and (eq .Values.mode "standalone") .Values.networkPolicy.enabled (not .Values.networkPolicy.egress) (regexMatch `^rediss?[:-]` .Values.store.url) }}
{{- fail "\n\nnetworkPolicy: nothing lets the pods reach the store. Name it in networkPolicy.egress, such as [{to: [{podSelector: {matchLabels: {app: redis}}}], ports: [{port: 6379}]}].\n" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (eq .Values.mode "sidecar") }}
{{- fail "\n\nautoscaling: only for mode standalone. A Postfix that is scaled down takes the mail in its queue with it until it is scaled up again; set `replicas` instead.\n" }}
{{- end }}
{{- if and (include "postseal.several" .) (regexMatch `(?m)^\s*(\[\[\s*rate_limit\b|rate_limit\s*=)` .Values.config) }}
{{- if not (regexMatch `^rediss?(-sentinel|-cluster)?://` .Values.store.url) }}
{{- fail "\n\nstore: [[rate_limit]] with more than one pod needs a Redis that all of them count in; otherwise each pod would let the whole limit through. Set store.url, such as redis://redis:6379.\n" }}
{{- end }}
{{- end }}
{{- end }}
