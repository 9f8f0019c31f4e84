resource "penstock_file" "it" {
  namespace = "mistakes.file-path"
  path = "../etc/passwd"
  content = "x"
}
