// Holds the precompiled headers' place: they are compiled with it and used by every other target.
