{{/* The address of the listener that has the role, as Postfix writes it: relative to its queue directory, in a chroot or not. */}}
{{- define "postseal.milter" -}}
{{- $role := index . 1 -}}
{{- range (index . 0).Values.listeners }}
{{- if eq .role $role }}unix:postseal/{{ .name }}.sock {{ end }}
{{- end }}
{{- end }}

{{/* main.cf: what postseal needs, and what the values say, which goes before it. */}}
{{- define "postseal.mainCf" -}}
{{- $smtpd := include "postseal.milter" (list . "submission") | trim | splitList " " | first -}}
{{- $local := include "postseal.milter" (list . "local") | trim | splitList " " | first -}}
milter_default_action: tempfail
disable_mime_output_conversion: "yes"
{{- if $smtpd }}
smtpd_milters: {{ $smtpd }}
{{- end }}
{{- if $local }}
non_smtpd_milters: {{ $local }}
internal_mail_filter_classes: bounce
smtputf8_autodetect_classes: verify
{{- end }}
{{- end }}

{{- define "postseal.postfix" -}}
{{- $postfix := .Values.postfix -}}
- name: postfix
  image: "{{ $postfix.image.repository }}:{{ $postfix.image.tag }}"
  imagePullPolicy: {{ $postfix.image.pullPolicy }}
  env:
    {{- range $name, $value := merge (dict) $postfix.settings (include "postseal.mainCf" . | fromYaml) }}
    - {name: POSTFIX_{{ $name }}, value: {{ $value | toString | quote }}}
    {{- end }}
    {{- with $postfix.env }}{{ toYaml . | nindent 4 }}{{ end }}
  ports:
    {{- range $postfix.ports }}
    - {name: {{ .name }}, containerPort: {{ .port }}}
    {{- end }}
  readinessProbe:
    tcpSocket: {port: {{ (first $postfix.ports).name }}}
    periodSeconds: 10
  {{- if and (not (hasKey $postfix.container "lifecycle")) (semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version) }}
  lifecycle:
    # Until the Service sends no new clients here any more: Postfix closes its port as soon as it is told to end.
    preStop: {sleep: {seconds: 5}}
  {{- end }}
  securityContext:
    {{- toYaml $postfix.securityContext | nindent 4 }}
  resources:
    {{- toYaml $postfix.resources | nindent 4 }}
  volumeMounts:
    - {name: queue, mountPath: {{ $postfix.queueDirectory }}}
    - {name: sockets, mountPath: {{ $postfix.queueDirectory }}/postseal}
    {{- with $postfix.volumeMounts }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- with $postfix.container }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}
