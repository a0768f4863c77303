export type { Address, Announcement, SignedAnnouncement } from './announcement.ts'
export type { Announcer } from './announcer.ts'
export type { CallTiming } from './isolation/call-meter.ts'
export { Checks, shellWord, worstFirst, type Check, type Finding, type FindingLevel, type Observation } from './checks.ts'
export { systemClock, type Clock, type Timer } from './clock.ts'
export type { AgentEntry, PluginEntry, RuntimeConfig } from './config.ts'
export type {
  Acknowledgement, CatchUp, Convergence, EntryView, FeedRange, ForkedFeed, Health, HeldFeed, ImportResult, JournalHandle, JournalStats, JournalStatus, LinkStatus,
  MissingRange, NamedFeed, NewEntry, NodeControl, NodeStatus, Notice, OriginStatus, ParkedFeed, ParkedStatus, PeerConvergence, PeerPath, PeerStatus, PluginStatus, Quarantined,
  ReadOptions, StateView, TailOptions
} from './control.ts'
export type { Cradle, NodeSettings } from './cradle.ts'
export { didFromPublicKey, isDid, keyObjectFromDid, parseDid, publicKeyFromDid, shortDid, type Did } from './did.ts'
export type { Discovery, PeerCandidate } from './discovery.ts'
export { describeError, isMeshError, MeshError, meshErrorCodes, type MeshErrorCode } from './errors.ts'
export type { Handing, IncomingMessage, Messages, SentMessage } from './messages/messages.ts'
export { isMessageItem, parseMessageItem } from './messages/message-item.ts'
export type { Hooks, OutgoingEnvelope, OutgoingJournalItem, OutgoingMessage, PendingWrite, PluginHooks, TransportChoice, Veto } from './hooks.ts'
export { HttpRoutes, type MountedRoute, type RouteAccess } from './http-routes.ts'
export { createIdentity, ensureIdentity, identityFromKey, readIdentity, type Identity } from './identity.ts'
export { createLogger, silentLogger, type LogFields, type LogFormat, type Logger, type LoggerOptions, type LogLevel } from './logger.ts'
export type { EventOptions, MeshEvent, MeshEventData } from './mesh-event.ts'
export type { AddressTry, PeerExplanation } from './peer-explanation.ts'
export type { PeerBook, PeerTunnel, PeerView, Trust } from './peer-book.ts'
export {
  definePlugin, NoConfig, type Plugin, type PluginCradle, type PluginParts, type Service
} from './plugin.ts'
export type { Static } from 'typebox'
export { Type } from '#typebox'
export { systemRandom, type Random } from './random.ts'
export type {
  Digest, EnvelopeReceiver, FeedId, FeedState, Link, LinkSource, LinkTarget, Prober, PullOptions, Range, Receipt, Tip, Transport, Verdict
} from './transport.ts'
export { isNear, isOwn } from './near-hosts.ts'
export { openAnnouncement } from './announce.ts'
export {
  maxEnvelopeBytes, maxRequestBytes, openEnvelope, peekEnvelope, sealEnvelope, type AnnouncementHeader,
  type Envelope, type EnvelopeHeader, type JournalEnvelope, type JournalHeader, type LogEnvelope, type LogHeader, type MessageEnvelope, type MessageHeader, type StateEnvelope, type StateHeader
} from './envelope.ts'
export {
  encodeSnapshot, inflateDocument, isSnapshot, maxItemBytes, parseSnapshot, peekItem, splitItems, type PeekedItem, type Snapshot
} from './snapshot.ts'
export {
  readExportFile, readItems, verifyHome, verifyItems, writeExportFile, type BadRecord, type ExportFile, type ExportHeader, type PlacedItem,
  type Verification, type VerifiedCount, type VerifyHomeOptions, type VerifyOptions
} from './journal-tools/index.ts'
export { FeedPaths } from './shared-feed/feed-paths.ts'
export type { SelectionOptions } from './shared-feed/feed-selection.ts'
export { spotOf, type FeedSpot, type SpotKey } from './shared-feed/feed-spot.ts'
export { isJournalName } from './journal-name.ts'
export {
  compareFeeds, decodeDigest, decodePull, decodeReceipt, digestRoot, encodeDigest, encodePull, encodeReceipt, feedKey
} from './wire.ts'
export { commentedConfig } from './config-text.ts'
export { configLines, type ConfigLine } from './config-lines.ts'
export type { Origin } from './config-layers.ts'
export { configTable } from './config-table.ts'
export { loadConfig, type LoadConfigOptions, type LoadedConfig } from './config.ts'
export { ensureToken, homePaths, type HomePaths } from './home.ts'
export { configurePlugins, loadPlugins, type LoadedPlugin, type LoadPluginsOptions, type PluginObject } from './load-plugins.ts'
export type { Disk, DiskFile } from './storage/disk.ts'
export { diskFailed } from './storage/disk-error.ts'
export { createNode, type ConfiguredNode, type CommonOptions, type EmbeddedNode, type NodeOptions } from './create-node.ts'
export type { Runtime } from './runtime.ts'
export { PeerCalls, type PeerAnswer, type PeerCaller, type PeerRequest } from './peer-calls.ts'
export type { Writes } from './write-gate.ts'
export { Tunnels, tunnelsFirst, type TunnelNetwork, type TunnelStatus } from './tunnels.ts'
export { readSecret, writeNewSecret, type SecretKind } from './secret-file.ts'
