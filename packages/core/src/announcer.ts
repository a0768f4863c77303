import type { Announcement, SignedAnnouncement } from './announcement.ts'

/** Makes this node's announcement and keeps it fresh. */
export interface Announcer {
  /** The newest announcement. Before the transports have started it has no addresses. */
  current (): SignedAnnouncement
  /** Assembles a new one with `assembleAnnouncement` and hands it to discoveries and peers. Call it when its content changes. */
  refresh (): void
  /**
   * The newest announcement with less in it, signed, to be published where others than peers read. It is numbered one below the whole one,
   * so that the whole one takes its place wherever both come.
   */
  reduced (reduce: (announcement: Announcement) => Announcement): SignedAnnouncement
}
