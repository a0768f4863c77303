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
export { Type, type Static } from 'typebox'
export { systemRandom, type Random } from './random.ts'
export type {
  Digest, EnvelopeReceiver, FeedId, FeedState, Link, LinkSource, LinkTarget, Prober, Range, Receipt, Tip, Transport, Verdict
} from './transport.ts'
export { openAnnouncement } from './announce.ts'
export {
  maxEnvelopeBytes, maxRequestBytes, openEnvelope, peekEnvelope, sealEnvelope, splitEnvelopes, type AnnouncementHeader,
  type Envelope, type EnvelopeHeader, type JournalHeader
} from './envelope.ts'
export { isJournalName } from './journal-name.ts'
export {
  compareFeeds, decodeDigest, decodeRanges, decodeReceipt, digestRoot, encodeDigest, encodeRanges, encodeReceipt, feedKey
} from './wire.ts'
export { commentedConfig } from './config-text.ts'
export { configTable } from './config-table.ts'
export { loadConfig, type LoadConfigOptions, type LoadedConfig } from './config.ts'
export { ensureToken, homePaths, type HomePaths } from './home.ts'
export { configurePlugins, loadPlugins, type LoadedPlugin, type LoadPluginsOptions, type PluginObject } from './load-plugins.ts'
export { createNode, type NodeOptions, type Runtime } from './runtime.ts'
