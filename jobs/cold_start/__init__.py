"""Where tracks stand that nobody has heard: what sound, words and the artist's other tracks say, joined with
weights that are chosen on artists held out."""
