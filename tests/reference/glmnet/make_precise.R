# Rscript make_precise.R   (in this folder; R 4.2.2, survival 3.5-3, glmnet 4.1-6)  -> sc25.csv, glmnet_cv_precise.csv
# glmnet's strata / start-stop code stops early unless epsnr is lowered; its plain Cox code has no such setting, but one
# stratum for everybody leads through the former. Times are dense ranks / 1e5: see golden_common.R.
suppressMessages({library(survival); library(glmnet)})
glmnet.control(fdev = 0, devmax = 1, epsnr = 1e-13, mxitnr = 500)
dense <- function(...) { l <- list(...); u <- sort(unique(unlist(l))); lapply(l, function(v) match(v, u) / 1e5) }
show <- function(x) trimws(formatC(x, digits = 12, format = "g"))

g <- read.csv("../inputs/linear_syn34.csv")
X <- as.matrix(g[, c("ki67_pct", "MEN1", "ATRX", "TP53", "ARID1A", "SETD2")]); X[, 1] <- scale(X[, 1])
rows <- NULL
for (case in c("plain", "strata", "strata_entry")) for (al in c(1, .5)) {
  d <- if (case == "strata_entry") dense(g$seq_day, g$os_days) else list(rep(0, nrow(g)), dense(g$os_days)[[1]])
  S <- if (case == "strata_entry") Surv(d[[1]], d[[2]], g$os_event) else Surv(d[[2]], g$os_event)
  S <- stratifySurv(S, if (case == "plain") rep(1, nrow(g)) else g$origin)
  f <- glmnet(X, S, family = "cox", alpha = al, lambda = c(.1, .05), penalty.factor = c(0, 1, 1, 1, 1, 1), standardize = FALSE, thresh = 1e-14, maxit = 1e7)
  for (i in 1:2) rows <- rbind(rows, data.frame(case = case, alpha = al, lambda = c(.1, .05)[i], term = colnames(X), coef = show(as.numeric(coef(f)[, i]))))
}
write.csv(rows, "sc25.csv", row.names = FALSE, quote = FALSE)

d <- read.csv("../inputs/simA2.csv"); ref <- read.csv("glmnet_cv.csv")
Z <- as.matrix(d[, sprintf("G%03d", 1:80)]); Z[is.na(Z)] <- 0; Z <- Z[, colSums(Z) >= 3]
S <- stratifySurv(Surv(dense(d$time)[[1]], d$event), rep(1, nrow(d))); rows <- NULL
for (al in c(1, .5)) {
  r <- ref[ref$alpha == al & !ref$stratified & !ref$left_truncated, ]
  cv <- cv.glmnet(Z, S, family = "cox", alpha = al, lambda = r$lambda, foldid = d$fold5, standardize = TRUE, thresh = 1e-14, maxit = 1e7, grouped = TRUE)
  rows <- rbind(rows, data.frame(alpha = al, lambda = formatC(cv$lambda, digits = 15, format = "g"), cvm = show(cv$cvm), cvsd = show(cv$cvsd)))
}
write.csv(rows, "glmnet_cv_precise.csv", row.names = FALSE, quote = FALSE)
