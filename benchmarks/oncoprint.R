# An oncoprint in ComplexHeatmap, drawn to PDF. usage: Rscript oncoprint.R FOLDER ; FOLDER/cells.tsv: rows genes, columns patients
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
need("ComplexHeatmap")
cells <- as.matrix(read.delim(file.path(folder, "cells.tsv"), row.names = 1, check.names = FALSE, na.strings = NULL))
colors <- c(missense = "#009E73", truncating = "#000000", amplification = "#D55E00", deletion = "#0072B2")
box <- function(height, color) {
  function(x, y, w, h) grid::grid.rect(x, y, w * 0.9, h * height, gp = grid::gpar(fill = color, col = NA))
}
draws <- list(
  background = box(0.9, "#DDDDDD"), amplification = box(0.9, colors[["amplification"]]),
  deletion = box(0.9, colors[["deletion"]]), missense = box(0.4, colors[["missense"]]),
  truncating = box(0.4, colors[["truncating"]])
)
invisible(measure("work", function() {
  pdf(file.path(folder, "peer.pdf"), width = 7.2, height = 8)
  draw(oncoPrint(cells, alter_fun = draws, col = colors, show_column_names = FALSE, use_raster = FALSE))
  dev.off()
}))
