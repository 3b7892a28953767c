"""The reference as one TorchScript module with its streaming state within it, for hosts that run such files.

Networks, analysis and overlap-add are the reference's own code, traced. What such a file must hold besides is compiled from here:
loops that the reference has from Numba (phases) and the stream from the core (parameters, `match`). Tests hold it to both.
"""
