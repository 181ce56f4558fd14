# One model or test per gene in R survival. usage: Rscript per_gene.R FOLDER cox|adjusted|logrank
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
need("survival")
data <- read_data()
genes <- read_genes(nrow(data))
y <- Surv(data$time, data$event)
columns <- seq_len(ncol(genes))
fits <- list(
  cox = function() vapply(columns, function(j) coxph(y ~ genes[, j])$coefficients[[1]], 0),
  adjusted = function() {
    vapply(columns, function(j) coxph(y ~ genes[, j] + age + sex + strata(stratum), data)$coefficients[[1]], 0)
  },
  logrank = function() vapply(columns, function(j) survdiff(y ~ genes[, j])$chisq, 0)
)
write_out("out.csv", value = suppressWarnings(measure("work", fits[[arguments[2]]])))
