# Rscript make_weights.R (in this folder) -> ../cox/weights.csv: case weights, delayed entry, strata and clusters at once.
suppressMessages(library(survival))
V <- read.csv("../inputs/veteran_lt.csv"); w <- 1 + (seq_len(nrow(V)) %% 4) / 2; out <- NULL
for (t in c("efron", "breslow")) {
  f <- suppressWarnings(coxph(Surv(entry, time, status) ~ trt + karno + strata(celltype) + cluster(prior + 10 * (age %/% 5)), V, weights = w, ties = t, control = coxph.control(eps = 1e-12)))
  out <- rbind(out, data.frame(ties = t, term = names(coef(f)), coef = coef(f), se = sqrt(diag(f$naive.var)), robust_se = sqrt(diag(f$var)), loglik0 = f$loglik[1], loglik1 = f$loglik[2],
    score_chisq = f$score, wald_chisq = f$wald.test, robust_score_chisq = f$rscore, zph_km_chisq = cox.zph(f, terms = FALSE)$table[1:2, 1]))
}
write.csv(format(out, digits = 15), "../cox/weights.csv", row.names = FALSE, quote = FALSE)
L <- read.csv("../inputs/lung.csv"); z <- cox.zph(coxph(Surv(time, status) ~ age + sex + ph.ecog, L, control = coxph.control(eps = 1e-12)), terms = FALSE)
write.csv(format(data.frame(time = z$time, g = z$x, z$y), digits = 15), "../zph/scaled_residuals_lung.csv", row.names = FALSE, quote = FALSE)
