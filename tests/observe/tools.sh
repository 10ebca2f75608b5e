# What tests/observe needs beside Debian's packages; tests/setup.sh sources this. `into` is from tests/deploy/tools.sh.
# shellcheck shell=bash

# For the quick checks: Prometheus' own tool, and the types of Grafana's dashboards.
fetch_observe_quick() {
  install_packages prometheus jq
  command -v npm >/dev/null || install_packages npm
  into grafana-types install_types typescript@5.9.3 @grafana/schema@13.2.3
}

# For the status page and for pictures: a browser, what drives it, and what draws the lines.
fetch_observe_all() {
  install_packages chromium fonts-dejavu-core
  fetch_observe_quick
  into playwright install_python --only-binary :all: playwright==1.65.2
  into uplot install_types uplot@1.6.32
}
