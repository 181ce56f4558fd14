# Gray's test with strata and rho. Run here: Rscript make_options.R
library(cmprsk)
linear <- read.csv("../inputs/linear_syn34.csv")
pbc <- read.csv("../inputs/pbc_trial.csv")
out <- NULL
put <- function(id, rho, strata, tests) {
  rows <- data.frame(id = id, rho = rho, strata = strata, cause = rownames(tests), stat = tests[, "stat"], p = tests[, "pv"],
    df = tests[, "df"])
  out <<- rbind(out, rows)
}
for (rho in c(0, 1)) {
  put("linear.TP53", rho, "none", with(linear, cuminc(pfs_days, pfs_type, TP53, rho = rho))$Tests)
  put("linear.TP53", rho, "origin", with(linear, cuminc(pfs_days, pfs_type, TP53, strata = origin, rho = rho))$Tests)
  put("linear.origin", rho, "none", with(linear, cuminc(pfs_days, pfs_type, origin, rho = rho))$Tests)
  put("pbc.stage", rho, "trt", with(pbc, cuminc(time, status, stage, strata = trt, rho = rho))$Tests)
}
out$stat <- sprintf("%.15g", out$stat); out$p <- sprintf("%.15g", out$p)
write.csv(out, "options.csv", row.names = FALSE, quote = FALSE)
