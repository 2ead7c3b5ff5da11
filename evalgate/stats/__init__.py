"""Pure numbers: arrays in, numbers out. numpy and scipy.special only; no records of answers, no words."""
