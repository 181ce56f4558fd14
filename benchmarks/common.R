# What the R scripts of this folder share: packages, data, timing. Start-up and reading are never timed.
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]

need <- function(...) {
  for (package in c(...)) {
    if (!requireNamespace(package, quietly = TRUE)) {
      message("R package ", package, " is not installed")
      quit(status = 3)
    }
    suppressMessages(library(package, character.only = TRUE))
    cat("version", package, as.character(packageVersion(package)), "\n")
  }
}

read_data <- function() read.csv(file.path(folder, "data.csv"))

read_genes <- function(n) {
  path <- file.path(folder, "genes.bin")
  matrix(readBin(path, "integer", file.size(path), size = 1), nrow = n)
}

# Median seconds of several runs; one run if it takes long. Prints them and returns the value.
measure <- function(name, work, repeats = 5, long = 20) {
  clock <- function() {
    started <- proc.time()[["elapsed"]]
    value <<- work()
    proc.time()[["elapsed"]] - started
  }
  value <- NULL
  seconds <- clock()
  if (seconds < long) seconds <- median(replicate(repeats, clock()))
  cat("time", name, format(seconds, digits = 6), "\n")
  value
}

write_out <- function(name, ...) write.csv(data.frame(...), file.path(folder, name), row.names = FALSE)
