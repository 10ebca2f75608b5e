{{/* The container of postseal, the same in both modes. It conforms to the Restricted profile. */}}
{{- define "postseal.container" -}}
{{- $sidecar := eq .Values.mode "sidecar" -}}
- name: postseal
  {{- with .Values.image }}
  image: "{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}"
  imagePullPolicy: {{ .pullPolicy }}
  {{- end }}
  {{- if $sidecar }}
  # A native sidecar: Postfix starts once it is ready, and is stopped before it.
  restartPolicy: Always
  {{- end }}
  args: [run, --config, /etc/postseal/config/postseal.toml]
  env:
    - {name: POSTSEAL__ADMIN__ADDRESS, value: {{ include "postseal.hostPort" (list .Values.listenHost 9891) | quote }}}
    - {name: POSTSEAL__RELOAD__WATCH_CONFIG, value: "true"}
    {{- if .Values.keys.secrets }}
    - {name: POSTSEAL__DKIM__KEY_DIR, value: /etc/postseal/keys}
    {{- end }}
    {{- if .Values.admin.tokenFrom.secret }}
    - {name: POSTSEAL__ADMIN__TOKEN_FILE, value: /etc/postseal/admin/{{ .Values.admin.tokenFrom.key }}}
    {{- end }}
    {{- with .Values.store }}
    {{- if .url }}
    - {name: POSTSEAL__STORE__URL, value: {{ .url | quote }}}
    {{- end }}
    {{- if .passwordFrom.secret }}
    - {name: POSTSEAL__STORE__PASSWORD_FILE, value: /etc/postseal/store/{{ .passwordFrom.key }}}
    {{- end }}
    {{- end }}
    {{- with .Values.env }}{{ toYaml . | nindent 4 }}{{ end }}
  ports:
    - {name: metrics, containerPort: 9891}
    {{- if not $sidecar }}
    {{- range .Values.listeners }}
    - {name: {{ .name }}, containerPort: {{ .port }}}
    {{- end }}
    {{- end }}
  # Ready: configured, with a usable key, listening, not draining. A store or a name server that is down changes nothing.
  startupProbe:
    httpGet: {path: /readyz, port: metrics}
    periodSeconds: 1
    failureThreshold: 60
  readinessProbe:
    httpGet: {path: /readyz, port: metrics}
    periodSeconds: 5
    timeoutSeconds: 2
    failureThreshold: 2
  livenessProbe:
    httpGet: {path: /livez, port: metrics}
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 3
  {{- if and (not $sidecar) (semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version) }}
  lifecycle:
    # Until nobody sends new connections here any more.
    preStop: {sleep: {seconds: 5}}
  {{- end }}
  securityContext:
    allowPrivilegeEscalation: false
    capabilities: {drop: [ALL]}
    privileged: false
    readOnlyRootFilesystem: true
    runAsNonRoot: true
    {{- if .Values.runAsUser }}
    runAsUser: {{ .Values.runAsUser }}
    # Keys belong to this group. (fsGroup in a pod with a queue would change the owners of the queue.)
    runAsGroup: {{ if $sidecar }}0{{ else }}{{ .Values.runAsUser }}{{ end }}
    {{- end }}
    seccompProfile: {type: RuntimeDefault}
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  volumeMounts:
    - {name: config, mountPath: /etc/postseal/config, readOnly: true}
    {{- if .Values.keys.secrets }}
    - {name: keys, mountPath: /etc/postseal/keys, readOnly: true}
    {{- end }}
    {{- if .Values.store.passwordFrom.secret }}
    - {name: store, mountPath: /etc/postseal/store, readOnly: true}
    {{- end }}
    {{- if .Values.admin.tokenFrom.secret }}
    - {name: admin, mountPath: /etc/postseal/admin, readOnly: true}
    {{- end }}
    {{- if $sidecar }}
    - {name: sockets, mountPath: /run/postseal}
    {{- end }}
    {{- with .Values.volumeMounts }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end }}

{{/* Its volumes. Nothing is mounted by subPath: such a mount never sees a change. */}}
{{- define "postseal.volumes" -}}
- name: config
  configMap: {name: {{ include "postseal.fullname" . }}}
{{- if .Values.keys.secrets }}
- name: keys
  projected:
    defaultMode: 0440
    sources:
      {{- range .Values.keys.secrets }}
      - secret: {name: {{ . }}}
      {{- end }}
{{- end }}
{{- with .Values.store.passwordFrom.secret }}
- name: store
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with .Values.admin.tokenFrom.secret }}
- name: admin
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- if eq .Values.mode "sidecar" }}
- name: sockets
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
{{- end }}
{{- with .Values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What all pods have. */}}
{{- define "postseal.pod" -}}
metadata:
  labels:
    {{- include "postseal.selector" . | nindent 4 }}
    {{- with .Values.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    # Only what needs a restart is in here; everything else is loaded while it runs.
    checksum/listeners: {{ list .Values.listeners .Values.store .Values.admin .Values.listenHost | toJson | sha256sum }}
    kubectl.kubernetes.io/default-container: {{ if eq .Values.mode "sidecar" }}postfix{{ else }}postseal{{ end }}
    {{- with .Values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  serviceAccountName: {{ .Values.serviceAccountName }}
  automountServiceAccountToken: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "postseal.selector" . | nindent 10 }}
  {{- with .Values.podSpec }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}
