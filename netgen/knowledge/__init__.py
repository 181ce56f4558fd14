"""What others know: the tree of tumour types, and the folder of dated files it and other knowledge come from."""
