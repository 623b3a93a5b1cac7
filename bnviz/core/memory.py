"""What bounds the memory of trainings and measures; without torch, so that costs can be counted.

Each is written here alone: what works by it and what counts by it import it.
"""

#: Bytes of one layer's activations, over all networks of a chunk, that run fastest.
CHUNK_BYTES = 2_600_000

#: Bytes of points that run together, at most; one point at least.
POINT_BYTES = 2**23

#: Bytes of Lanczos's basis, of all matrices together, at most, float64 ...
BASIS_BYTES = 256 * 2**20

#: ... unless so many vectors of each take more: with fewer a restart would lose too much.
FEWEST_VECTORS = 12

#: The most parameters, of all copies of a net that are probed together. Each takes some
#: 200 bytes while it is probed, most of them for Lanczos's basis.
MOST_PROBED = 3_000_000

#: A Hessian with more rows is not built: 2000 rows take 32 MB and 2000 products.
DENSE_LIMIT = 2000

#: With fewer probes a 95 % confidence interval covers too little: 80 to 90 % of steep spectra
#: with 4.
FEWEST_PROBES = 32
