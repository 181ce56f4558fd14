# Reading 16 columns of a MAF with data.table, all cores. usage: Rscript maf.R FOLDER
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
need("data.table")
setDTthreads(0)
columns <- scan(file.path(folder, "columns.txt"), what = "", sep = "\n", quiet = TRUE)
read <- function() fread(file.path(folder, "data.maf"), select = columns, sep = "\t", quote = "", skip = "Hugo_Symbol")
maf <- measure("work", read)
cat("version threads", getDTthreads(), "\n")
write_out("out.csv", maf[, list(n = .N), by = Hugo_Symbol][order(Hugo_Symbol)])
