/** Entries in one segment, at most. */
export const maxSegmentEntries = 4096
/** Changes in one segment, at most. */
export const maxSegmentChanges = 4096
/** Operations in one segment, at most. */
export const maxSegmentOps = 10_000
/** Text of all entries of one segment, at most, in bytes. */
export const maxSegmentTextBytes = 4 << 20
/** The largest document of a segment, in bytes: its texts and whatever else stands in it. */
export const maxSegmentBytes = maxSegmentTextBytes + (1 << 20)
/** Operations in one change of a log, at most. */
export const maxLogChangeOps = 1100
/** Text of all entries of one change, at most, in bytes: with this, no change that fits has more than 1 MiB. */
export const maxLogChangeTextBytes = (1 << 20) - (64 << 10)
/** Length of an actor of a log. */
export const actorBytes = 16
/** The latest time of a change, in seconds since 1970: larger ones would not survive the way into a document. */
export const maxChangeTime = 2 ** 48
