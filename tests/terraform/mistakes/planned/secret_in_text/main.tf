resource "penstock_flow" "it" {
  source = <<-YAML
    id: load
    namespace: mistakes.secret-in-text
    tasks:
      - id: it
        type: core.http.Request
        uri: https://example.com
        headers:
          Authorization: Bearer ghp_R7vK2mQx9LpTz4WcYs8HnJd3FbGa6EuVq1Xo
  YAML
}
