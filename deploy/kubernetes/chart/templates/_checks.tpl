{{/* What the schema of the values can't say. Everything that is rendered goes through here first. */}}
{{- define "postseal.checks" -}}
{{- $ours := list "listener" "admin" "reload" "store" -}}
{{- range $ours }}
{{- if regexMatch (printf `(?m)^\s*\[\[?\s*%s\b` .) $.Values.config }}
{{- fail (printf "\n\nconfig: [%s] is made by the chart. Take it out, and use the values `listeners`, `listenHost` or `store` instead.\n" .) }}
{{- end }}
{{- end }}
{{- if and .Values.store.url .Values.store.urlFrom.secret }}
{{- fail "\n\nstore: set either url, or urlFrom.secret, not both.\n" }}
{{- end }}
{{- if and (eq .Values.mode "standalone") .Values.networkPolicy.enabled (not .Values.networkPolicy.egress) (or .Values.store.url .Values.store.urlFrom.secret) }}
{{- fail "\n\nnetworkPolicy: nothing lets the pods reach the store. Name it in networkPolicy.egress, such as [{to: [{podSelector: {matchLabels: {app: redis}}}], ports: [{port: 6379}]}].\n" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (eq .Values.mode "sidecar") }}
{{- fail "\n\nautoscaling: only for mode standalone. A Postfix that is scaled down takes the mail in its queue with it until it is scaled up again; set `replicas` instead.\n" }}
{{- end }}
{{- if and (include "postseal.several" .) (regexMatch `(?m)^\s*(\[\[\s*rate_limit\b|rate_limit\s*=)` .Values.config) }}
{{- if not (or .Values.store.urlFrom.secret (regexMatch `^(redis|rediss|valkey|valkeys)([+-][a-z]+)?://` .Values.store.url)) }}
{{- fail "\n\nstore: [[rate_limit]] with more than one pod needs a Redis that all of them count in; otherwise each pod would let the whole limit through. Set store.url to redis://..., or store.urlFrom.secret to a Secret that holds the URL.\n" }}
{{- end }}
{{- end }}
{{- end }}
