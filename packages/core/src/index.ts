export type { Address, Announcement, SignedAnnouncement } from './announcement.ts'
export type { Announcer } from './announcer.ts'
export { systemClock, type Clock, type Timer } from './clock.ts'
export type { PluginEntry, RuntimeConfig } from './config.ts'
export type {
  Acknowledgement, Convergence, EntryView, JournalStatus, LinkStatus, NewEntry, NodeControl, NodeStatus, Notice,
  OriginStatus, PeerStatus, ReadOptions
} from './control.ts'
export type { Cradle, NodeSettings } from './cradle.ts'
export { didFromPublicKey, isDid, keyObjectFromDid, parseDid, publicKeyFromDid, shortDid, type Did } from './did.ts'
export type { Discovery, PeerCandidate } from './discovery.ts'
export { describeError, isMeshError, MeshError, meshErrorCodes, type MeshErrorCode } from './errors.ts'
export type { Hooks, OutgoingEnvelope, PendingWrite, PluginHooks, TransportChoice, Veto } from './hooks.ts'
export { HttpRoutes, type MountedRoute, type RouteAccess } from './http-routes.ts'
export { createIdentity, ensureIdentity, identityFromKey, readIdentity, type Identity } from './identity.ts'
export { createLogger, silentLogger, type LogFields, type LogFormat, type Logger, type LogLevel } from './logger.ts'
export type { PeerBook, PeerView, Trust } from './peer-book.ts'
export {
  definePlugin, NoConfig, type Plugin, type PluginCradle, type PluginParts, type Service
} from './plugin.ts'
export { systemRandom, type Random } from './random.ts'
export type {
  Digest, EnvelopeReceiver, FeedId, FeedState, Link, LinkSource, LinkTarget, Prober, Range, Receipt, Tip, Transport, Verdict
} from './transport.ts'
