# Every number of competing.tsv and group_tests.tsv for the PBC trial by stage and by treatment. Run here: Rscript make_pbc.R
library(survival)
library(cmprsk)
pbc <- read.csv("../inputs/pbc_trial.csv")
pbc$state <- factor(pbc$status, 0:2, c("censored", "event", "competing"))
out <- NULL
put <- function(by, quantity, group, cause, value) {
  out <<- rbind(out, data.frame(by, quantity, group = as.character(group), cause, value = sprintf("%.12g", value)))
}
for (by in c("stage", "trt")) {
  d <- pbc[!is.na(pbc[[by]]), ]
  reference <- names(which.max(table(d[[by]])))
  d$group <- relevel(factor(d[[by]]), reference)
  others <- levels(d$group)[-1]
  # cumulative incidence with log-log limits
  fit <- survfit(Surv(time, state) ~ group, data = d, conf.type = "log-log")
  s <- summary(fit, times = c(730, 1826), extend = TRUE)
  group <- sub("group=", "", s$strata)
  for (k in 2:3) for (i in seq_along(s$time)) {
    tag <- c("cif", "cif_lo", "cif_hi"); values <- c(s$pstate[i, k], s$lower[i, k], s$upper[i, k])
    for (j in 1:3) put(by, paste(tag[j], s$time[i], sep = "@"), group[i], k - 1, values[j])
  }
  for (cause in 1:2) {
    gray <- cuminc(d$time, d$status, d$group)$Tests
    put(by, "gray_chi2", "", cause, gray[cause, "stat"]); put(by, "gray_p", "", cause, gray[cause, "pv"])
    cox <- coxph(Surv(time, status == cause) ~ group, data = d)
    ci <- confint(cox)
    for (i in seq_along(others)) {
      put(by, "cs_beta", others[i], cause, coef(cox)[i]); put(by, "cs_lo", others[i], cause, ci[i, 1])
      put(by, "cs_hi", others[i], cause, ci[i, 2])
    }
    x <- sapply(others, function(level) as.numeric(d$group == level))
    fg <- crr(d$time, d$status, x, failcode = cause, gtol = 1e-10, maxiter = 100)
    for (i in seq_along(others)) {
      put(by, "sd_beta", others[i], cause, fg$coef[i]); put(by, "sd_se", others[i], cause, sqrt(diag(as.matrix(fg$var)))[i])
    }
  }
  # all deaths and transplants as one event: the group tests
  d$event <- d$status > 0
  test <- survdiff(Surv(time, event) ~ group, data = d)
  cox <- coxph(Surv(time, event) ~ group, data = d)
  zph <- cox.zph(cox)
  put(by, "chi2", "", 0, test$chisq); put(by, "lr_p", "", 0, summary(cox)$logtest["pvalue"]); put(by, "ph_p", "", 0, zph$table["group", "p"])
  ci <- confint(cox)
  for (i in seq_along(others)) {
    put(by, "beta", others[i], 0, coef(cox)[i]); put(by, "lo", others[i], 0, ci[i, 1]); put(by, "hi", others[i], 0, ci[i, 2])
    merged <- d$group; merged[merged == others[i]] <- reference
    rest <- if (nlevels(droplevels(merged)) > 1) coxph(Surv(time, event) ~ droplevels(merged), data = d)$loglik[2] else cox$loglik[1]
    put(by, "p_hr", others[i], 0, pchisq(2 * (cox$loglik[2] - rest), 1, lower.tail = FALSE))
  }
  mean_at <- function(level, tau) {
    m <- summary(survfit(Surv(time, event) ~ 1, data = d[d$group == level, ]), rmean = tau)$table
    c(m[["rmean"]], m[["se(rmean)"]])
  }
  for (level in others) {
    a <- mean_at(level, 1826.25); b <- mean_at(reference, 1826.25)
    put(by, "rmst_diff", level, 0, a[1] - b[1]); put(by, "rmst_se", level, 0, sqrt(a[2]^2 + b[2]^2))
  }
}
write.csv(out, "pbc.csv", row.names = FALSE, quote = FALSE)
