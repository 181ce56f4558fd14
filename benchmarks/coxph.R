# Per-gene Cox models in R survival, for benchmarks/kernels.py.
# usage: Rscript coxph.R DATA.csv N_GENES OUT.csv ; DATA has time, event and one 0/1 column per gene.
args <- commandArgs(trailingOnly = TRUE)
suppressMessages(library(survival))
data <- read.csv(args[1])
genes <- setdiff(names(data), c("time", "event"))[seq_len(as.integer(args[2]))]
y <- Surv(data$time, data$event)
started <- proc.time()[["elapsed"]]
coef <- vapply(genes, function(g) suppressWarnings(coxph(y ~ data[[g]]))$coefficients[[1]], 0)
elapsed <- proc.time()[["elapsed"]] - started
started <- proc.time()[["elapsed"]]
chisq <- vapply(genes, function(g) survdiff(y ~ data[[g]])$chisq, 0)
logrank <- proc.time()[["elapsed"]] - started
write.csv(data.frame(gene = genes, coef = coef, chisq = chisq), args[3], row.names = FALSE)
cat(elapsed, logrank, as.character(packageVersion("survival")), "\n")
