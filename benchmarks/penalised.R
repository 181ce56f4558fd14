# Cox lasso in glmnet: a path, or path and 10-fold cross-validation. usage: Rscript penalised.R FOLDER path|cv TRUE|FALSE
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
need("survival", "glmnet")
data <- read_data()
X <- read_genes(nrow(data))
storage.mode(X) <- "double"
lambda <- scan(file.path(folder, "lambda.txt"), quiet = TRUE)
y <- if (as.logical(arguments[3])) {
  stratifySurv(Surv(data$entry, data$time, data$event), data$stratum)
} else {
  Surv(data$time, data$event)
}
path <- function() glmnet(X, y, family = "cox", lambda = lambda, standardize = FALSE)
cv <- function() cv.glmnet(X, y, family = "cox", lambda = lambda, standardize = FALSE, foldid = data$fold)
if (arguments[2] == "path") {
  fit <- measure("work", path)
  write_out("coef.csv", as.matrix(fit$beta))
} else {
  fit <- measure("work", cv)
  write_out("coef.csv", as.matrix(fit$glmnet.fit$beta))
  write_out("cvm.csv", cvm = fit$cvm)
}
