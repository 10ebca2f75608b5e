{{- define "postseal.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "postseal.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "postseal.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "postseal.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "postseal.selector" -}}
app.kubernetes.io/name: {{ include "postseal.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "postseal.labels" -}}
{{ include "postseal.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Name and labels of an object; called with the context and what comes behind the name. */}}
{{- define "postseal.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "postseal.fullname" $root }}{{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "postseal.labels" $root | nindent 2 }}
{{- end }}

{{/* HOST:PORT of a listening address; called with the host and the port. */}}
{{- define "postseal.hostPort" -}}
{{- $host := index . 0 -}}
{{- if contains ":" $host }}[{{ $host }}]{{ else }}{{ $host }}{{ end }}:{{ index . 1 }}
{{- end }}

{{/* More pods than one, now or later. */}}
{{- define "postseal.several" -}}
{{- if or (gt (int .Values.replicas) 1) .Values.autoscaling.enabled }}yes{{ end }}
{{- end }}
