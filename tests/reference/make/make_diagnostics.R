# Rscript make_diagnostics.R (in this folder) -> ../cox/dfbeta.csv, ../zph/schoenfeld.csv, ../zph/cox_zph_strata_entry.csv,
# ../cox/monotone.csv: influence, Schoenfeld residuals with their smooth, tests and separation under strata and delayed entry.
suppressMessages({library(survival); library(splines)})
control <- suppressWarnings(coxph.control(eps = 1e-12, iter.max = 50))
put <- function(d, file) write.csv(as.data.frame(lapply(d, function(x) if (is.double(x)) format(x, digits = 15, trim = TRUE) else x)), file, row.names = FALSE, quote = FALSE)
V <- read.csv("../inputs/veteran_lt.csv"); w <- 1 + (seq_len(nrow(V)) %% 4) / 2; L <- read.csv("../inputs/linear_syn34.csv"); S <- read.csv("../inputs/simA2.csv")

out <- NULL
for (weighted in c(FALSE, TRUE)) for (t in c("efron", "breslow")) {
  V$w <- if (weighted) w else 1
  f <- coxph(Surv(entry, time, status) ~ trt + karno + strata(celltype), V, weights = w, ties = t, control = control, model = TRUE)
  b <- residuals(f, type = "dfbeta"); s <- residuals(f, type = "dfbetas"); i <- seq(1, nrow(V), 3)
  out <- rbind(out, data.frame(weighted, ties = t, row = i, dfbeta_trt = b[i, 1], dfbeta_karno = b[i, 2], dfbetas_trt = s[i, 1], dfbetas_karno = s[i, 2]))
}
put(out, "../cox/dfbeta.csv")

# The points and the smooth of plot.cox.zph, the smooth read at the events; 95 % limits instead of 2 standard errors.
points <- function(id, f) {
  z <- cox.zph(f, transform = "km", terms = FALSE); p <- seq(min(z$x), max(z$x), length = 40)
  m <- ns(c(p, z$x), df = 4, intercept = TRUE)[-(1:40), ]; k <- solve(crossprod(m)); y <- z$y[, 1]
  half <- qnorm(0.975) * sqrt(z$var[1, 1] * rowSums((m %*% k) * m)); fit <- drop(m %*% k %*% crossprod(m, y))
  data.frame(id, time = z$time, stratum = as.integer(z$strata), g = z$x, residual = y, smooth = fit, lo = fit - half, hi = fit + half)
}
sets <- list(); test <- NULL; monotone <- NULL
for (g in c("MEN1", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2")) {
  d <- L[!is.na(L[[g]]), ]; d$x <- d[[g]]
  f <- suppressWarnings(coxph(Surv(seq_day, os_days, os_event) ~ x + strata(origin), d, control = control, model = TRUE))
  if (g == "SETD2") monotone <- rbind(monotone, data.frame(id = g, loglik0 = f$loglik[1], loglik1 = f$loglik[2], score_chisq = f$score))
  else sets[[g]] <- f
}
S$x <- S$ZONE_STRATUM
f <- suppressWarnings(coxph(Surv(entry, time, event) ~ x + strata(origin), S, control = control, model = TRUE)); sets$ZONE_STRATUM <- f
S$x <- S$G001; sets$G001 <- coxph(Surv(entry, time, event) ~ x + strata(origin), S, control = control, model = TRUE)
for (g in names(sets)) for (t in c("km", "rank", "identity", "log"))
  test <- rbind(test, data.frame(id = g, transform = t, chisq = cox.zph(sets[[g]], transform = t)$table[1, 1], p = cox.zph(sets[[g]], transform = t)$table[1, 3]))
put(test, "../zph/cox_zph_strata_entry.csv")
put(do.call(rbind, lapply(c("TP53", "ATRX", "MEN1", "G001"), function(g) points(g, sets[[g]]))), "../zph/schoenfeld.csv")
S$x <- S$ZCENS_ONLY; f <- suppressWarnings(coxph(Surv(entry, time, event) ~ x + strata(origin), S, control = control, model = TRUE))
put(rbind(monotone, data.frame(id = "ZCENS_ONLY", loglik0 = f$loglik[1], loglik1 = f$loglik[2], score_chisq = f$score)), "../cox/monotone.csv")
# Points of one gene that is the same throughout one stratum, TP53 carriers of thymic origin left out.
d <- L[!(L$origin == "thymic" & L$TP53 == 1), ]; f <- coxph(Surv(seq_day, os_days, os_event) ~ TP53 + strata(origin), d, control = control, model = TRUE)
z <- cox.zph(f); put(data.frame(time = z$time, stratum = as.integer(z$strata), residual = z$y[, 1], var = z$var[1, 1]), "../zph/schoenfeld_constant_stratum.csv")
