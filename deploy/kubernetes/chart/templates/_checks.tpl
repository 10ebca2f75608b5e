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
{{- $webhook := regexMatch `(?m)^\s*(\[\s*webhook\s*\]|webhook\s*[.=])` .Values.config }}
{{- range .Values.env }}
{{- if eq .name "POSTSEAL__WEBHOOK__URL" }}{{ $webhook = true }}{{ end }}
{{- end }}
{{- if and (eq .Values.mode "standalone") .Values.networkPolicy.enabled (not .Values.networkPolicy.egress) $webhook }}
{{- fail "\n\nnetworkPolicy: nothing lets the pods reach the webhook. Name it in networkPolicy.egress, such as [{to: [{ipBlock: {cidr: 192.0.2.10/32}}], ports: [{port: 443}]}].\n" }}
{{- end }}
{{- if eq .Values.mode "sidecar" }}{{ include "postseal.checks.postfix" . }}{{ end }}
{{- if and .Values.autoscaling.enabled (eq .Values.mode "sidecar") }}
{{- fail "\n\nautoscaling: only for mode standalone. A Postfix that is scaled down takes the mail in its queue with it until it is scaled up again; set `replicas` instead.\n" }}
{{- end }}
{{- if and (include "postseal.several" .) (regexMatch `(?m)^\s*(\[\[\s*rate_limit\b|rate_limit\s*=)` .Values.config) }}
{{- if not (regexMatch `^rediss?(-sentinel|-cluster)?://` .Values.store.url) }}
{{- fail "\n\nstore: [[rate_limit]] with more than one pod needs a Redis that all of them count in; otherwise each pod would let the whole limit through. Set store.url, such as redis://redis:6379.\n" }}
{{- end }}
{{- end }}
{{- end }}

{{/* The image of Postfix that the chart names; its defaults are known here, those of others are not. */}}
{{- define "postseal.boky" -}}
{{- if regexMatch `(^|/)boky/postfix$` .Values.postfix.image.repository }}yes{{ end }}
{{- end }}

{{/* What could not work, or would be open to everybody, with a Postfix in the pod. */}}
{{- define "postseal.checks.postfix" -}}
{{- $postfix := .Values.postfix -}}
{{- $boky := include "postseal.boky" . -}}
{{- $env := dict -}}
{{- range $postfix.env }}
{{- if or .value .valueFrom }}{{ $_ := set $env .name "there" }}{{ end }}
{{- end }}
{{- $unknown := hasKey $postfix.container "envFrom" -}}
{{- if and $boky (not $unknown) (not (or $env.ALLOWED_SENDER_DOMAINS $env.ALLOW_EMPTY_SENDER_DOMAINS)) }}
{{- fail "\n\npostfix.env: the image boky/postfix does not start without the domains that it relays for. Name them, such as [{name: ALLOWED_SENDER_DOMAINS, value: example.com example.net}]; or give ALLOW_EMPTY_SENDER_DOMAINS, and say in postfix.settings who may relay.\n" }}
{{- end }}
{{- if ne $postfix.service.type "ClusterIP" }}
{{- $type := $postfix.service.type -}}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.smtpFrom) }}
{{- fail (printf "\n\nnetworkPolicy.smtpFrom: with postfix.service.type %s, empty means everybody in the world. Name the clients, such as [{ipBlock: {cidr: 192.0.2.0/24}}]; or everybody, as 0.0.0.0/0, where Postfix takes mail only from who has logged in.\n" $type) }}
{{- end }}
{{- if not $postfix.service.trustPrivateNetworks }}
{{- if regexMatch `\bnetworks\s*=\s*\[[^\]]*["'](10\.0\.0\.0/8|172\.16\.0\.0/12|192\.168\.0\.0/16)["']` .Values.config }}
{{- fail (printf "\n\nconfig: with postfix.service.type %s, clients from outside can have an address of a node or of the load balancer, and origin.networks counts whole private networks as ours: their mail would be signed. Name only the networks of your clients; or, if the addresses of clients surely stay as they are, set postfix.service.trustPrivateNetworks.\n" $type) }}
{{- end }}
{{- if and $boky (not $unknown) (not $postfix.settings.mynetworks) (not (or $env.MYNETWORKS $env.POSTFIX_mynetworks)) }}
{{- fail (printf "\n\npostfix.settings.mynetworks: with postfix.service.type %s, clients from outside can have an address of a node or of the load balancer, and the image boky/postfix trusts all private networks unless told otherwise. Name the networks of your clients, as in origin.networks; or, if the addresses of clients surely stay as they are, set postfix.service.trustPrivateNetworks.\n" $type) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
