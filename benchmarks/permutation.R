# 1,000 random relabelings per gene in coin. usage: Rscript permutation.R FOLDER DRAWS
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
need("survival", "coin")
data <- read_data()
genes <- read_genes(nrow(data))
y <- Surv(data$time, data$event)
how <- approximate(nresample = as.integer(arguments[2]))
set.seed(1)
p <- measure("work", function() {
  vapply(seq_len(ncol(genes)), function(j) {
    as.numeric(pvalue(logrank_test(y ~ factor(genes[, j]), distribution = how)))
  }, 0)
})
write_out("out.csv", value = p)
