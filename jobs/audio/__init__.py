"""The sound of every track: log-mel spectrograms of the audio files (Spark, librosa), a convolutional network that
learns to predict the collaborative track factors from them (Keras), and with it factors for tracks that nobody has
heard yet. After van den Oord, Dieleman, Schrauwen, "Deep content-based music recommendation" (NIPS 2013), and
Dieleman, "Recommending music on Spotify with deep learning" (2014).
"""
