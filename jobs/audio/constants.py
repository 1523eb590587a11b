"""All constants of the sound analysis, derived from each other.

The 2013 paper hops by 512 samples. Here it is twice as far: a sixteenth note at 160 beats a minute (94 ms) still
spans two frames, and the spectrograms and the work of the network are half as large.
"""

SAMPLE_RATE = 22_050  # samples a second; keeps what is below 11 kHz
HOP_LENGTH = 1024  # samples from one frame to the next: 46 ms
FFT_LENGTH = 2 * HOP_LENGTH  # samples in a frame: 93 ms, bins 10.8 Hz apart, so that the lowest mel bands (26 Hz
# apart) all have bins of their own
MEL_BANDS = 128
FRAMES_PER_SECOND = SAMPLE_RATE / HOP_LENGTH  # 21.5

DYNAMIC_RANGE_DB = 80.0  # below the loudest value of a track nothing is kept
LEVELS = 255  # the highest stored value; stored 0 is -80 dB, 255 is 0 dB
DB_PER_LEVEL = DYNAMIC_RANGE_DB / LEVELS  # 0.31 dB, so storing errs by at most 0.16 dB

WINDOW_FRAMES = 256  # time steps that the network sees at once
WINDOW_SECONDS = WINDOW_FRAMES / FRAMES_PER_SECOND  # 11.9; 13.9 in the 2014 network

MIN_SECONDS = 1.0  # shorter files are sound effects and damaged files
SILENCE = 1e-4  # highest amplitude (of 1) of a file that counts as silent: -80 dB of full scale
TRIM_DB = 60.0  # ends of a file that are this much softer than its loudest frame are cut off as silence
TRUNCATED_SHARE = 0.05  # a file that ends by more than this share earlier than its header says is truncated

DECODER_BYTES = 8 * 2**30  # most address space of the process that decodes a file, bytes
