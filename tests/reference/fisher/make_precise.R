# Odds ratios solved to rounding, stratified exact tests, and more tables with rows and columns.
# fisher.test and mantelhaen.test find odds ratio and limits by uniroot with its default tolerance (1.2e-4) and are
# that imprecise; here the same equations are solved to 1e-14. Rscript make_precise.R rewrites the three tables.
one <- function(t, b) {  # distribution of the first cell of a 2 x 2 table at log odds ratio b
  r <- sum(t[1, ]); k <- sum(t[, 1]); n <- sum(t); s <- max(0, r + k - n):min(r, k)
  w <- dhyper(s, r, n - r, k, log = TRUE) + b * s; w <- exp(w - max(w)); list(s = s, d = w / sum(w))
}
total <- function(tabs, b) {  # of the sum over strata, by listing all combinations
  s <- 0; d <- 1
  for (t in tabs) { o <- one(t, b); s2 <- as.vector(outer(s, o$s, "+")); d2 <- as.vector(outer(d, o$d)); a <- tapply(d2, s2, sum); s <- as.numeric(names(a)); d <- as.vector(a) }
  list(s = s, d = d)
}
solve_b <- function(f) exp(uniroot(f, c(-12, 12), tol = 1e-15, maxiter = 10000)$root)
limits <- function(tabs) {
  x <- sum(sapply(tabs, function(t) t[1, 1])); s <- total(tabs, 0)$s
  c(or = if (x == min(s)) 0 else if (x == max(s)) Inf else solve_b(function(b) { o <- total(tabs, b); sum(o$s * o$d) - x }),
    lo = if (x == min(s)) 0 else solve_b(function(b) { o <- total(tabs, b); sum(o$d[o$s >= x]) - 0.025 }),
    hi = if (x == max(s)) Inf else solve_b(function(b) { o <- total(tabs, b); sum(o$d[o$s <= x]) - 0.025 }))
}
cells <- function(t) paste(as.vector(t(t)), collapse = " ")
save <- function(x, f) { for (i in seq_along(x)) if (is.numeric(x[[i]])) x[[i]] <- signif(x[[i]], 15); write.csv(x, f, row.names = FALSE) }

singles <- lapply(list(c(3, 9, 1, 21), c(0, 8, 5, 20), c(12, 0, 0, 15), c(2, 8, 3, 21), c(0, 3, 5, 26), c(40, 60, 25, 75)), matrix, nrow = 2, byrow = TRUE)
save(do.call(rbind, lapply(singles, function(t) data.frame(cells_rowmajor = cells(t), p = fisher.test(t)$p.value, t(limits(list(t)))))), "precise.csv")

set.seed(11)
strata <- list()
for (i in 1:8) strata[[i]] <- lapply(1:sample(2:4, 1), function(s) matrix(rpois(4, c(3, 5, 2, 7)) + (i > 4) * c(1, 0, 0, 1), 2))
strata[[9]] <- list(matrix(c(2, 0, 3, 0), 2), matrix(c(4, 1, 2, 6), 2), matrix(c(3, 2, 1, 7), 2))  # the first says nothing
save(do.call(rbind, lapply(seq_along(strata), function(i) {
  tabs <- strata[[i]]; a <- array(unlist(tabs), c(2, 2, length(tabs)))
  p <- sapply(c("two.sided", "greater", "less"), function(w) mantelhaen.test(a, alternative = w, exact = TRUE)$p.value)
  data.frame(set = i, tables_rowmajor = paste(sapply(tabs, cells), collapse = ";"), p = p[1], p_greater = p[2], p_less = p[3], t(limits(tabs)), row.names = NULL)
})), "stratified.csv")

set.seed(7)
rxc <- list()
for (i in 1:24) repeat {
  r <- sample(2:4, 1); k <- sample(2:6, 1); n <- sample(c(10, 20, 34, 60), 1)
  t <- table(factor(sample(r, n, TRUE, prob = runif(r)), 1:r), factor(sample(k, n, TRUE, prob = runif(k)), 1:k))
  if (all(rowSums(t) > 0) && all(colSums(t) > 0)) { rxc[[i]] <- data.frame(nrow = r, ncol = k, cells_rowmajor = cells(t), p = fisher.test(t, workspace = 2e8)$p.value); break }
}
save(do.call(rbind, rxc), "rxc.csv")
