/** Every bound of the system in one place, with the relations between them checked when the process starts. */

const KiB = 1024;
const MiB = 1024 * KiB;

/** iSCSI: what this target announces and allows (RFC 7143 13; times in milliseconds). */
export const IscsiLimits = {
  maxRecvDataSegmentLength: 256 * KiB,
  firstBurstLength: 256 * KiB,
  maxBurstLength: 1 * MiB,
  /** R2Ts of one command that its initiator may have to fulfil at a time. */
  maxOutstandingR2T: 8,
  /** Before full feature phase (RFC 7143 13.12: the default is what counts in login). */
  loginDataSegmentLength: 8192,
  /** Connections of one session. */
  connectionsPerSession: 8,
  /** Commands that one session may have outstanding: the MaxCmdSN window. */
  commandWindow: 128,
  /** Immediate commands beyond the window, per session. */
  immediateCommands: 32,
  loginMilliseconds: 15_000,
  maxConnections: 1024,
  maxConnectionsPerAddress: 512,
  maxNameBytes: 223,
  /** RFC 7143 9.2.1: below 96 bits only where IPsec protects the connection. */
  minChapSecretBytes: 12,
  maxChapSecretBytes: 128,
  /** RFC 7143 12.1.3: what a challenge may be long. */
  maxChapChallengeBytes: 1024,
  maxTextKeyBytes: 63,
  maxTextValueBytes: 8192,
  maxTextKeys: 256,
  /** A text that is continued over several PDUs, all of it. */
  maxTextBytes: 16 * KiB,
  /** Connections beyond the caps that are still told why they are refused. */
  refusedConnections: 64,
  /** Data that nobody wants any more still comes for this many commands of a session. */
  abandonedTransfers: 128,
  /** A client that lets answers beyond its read data pile up is not listened to until it has taken them. */
  unsentAnswers: 1 * MiB,
  /** A session is looked at this often: each of the bounds up to `commandMilliseconds` is so many looks. */
  lookMilliseconds: 1_000,
  /** A client that is silent for so long is pinged, and then dropped. */
  pingMilliseconds: 10_000,
  silenceMilliseconds: 20_000,
  /** A client takes nothing of what waits for it. */
  untakenMilliseconds: 20_000,
  /** Commands wait for one before them that does not come. */
  missingCommandMilliseconds: 20_000,
  /** MaxBurstLength where errors are recovered: an initiator acknowledges read data that often. */
  recoverableBurstLength: 256 * KiB,
  /** A read up to this long is acknowledged by its status alone. */
  unacknowledgedRead: 32 * KiB,
  /** What a connection keeps for a client that recovers errors, and does not acknowledge: answers, their bytes, and read data. */
  keptAnswers: 1024,
  keptAnswerBytes: 4 * MiB,
  keptDataBytes: 64 * MiB,
  /**
   * The commands of a lost connection stay for another one to take them up (RFC 7143 13.15, 13.16): DefaultTime2Wait, above which they do
   * not, and the longest DefaultTime2Retain (its default), in seconds.
   */
  time2WaitSeconds: 10,
  time2RetainSeconds: 20,
  /** Data-out that a client was asked for, or announced, comes no further. */
  dataOutMilliseconds: 30_000,
  /** A task management function has no answer. */
  taskManagementMilliseconds: 20_000,
  /** A command gets nowhere, whoever is to blame: above every other bound, for what they may miss. */
  commandMilliseconds: 120_000,
  /** How long clients have to log out of a system that stops, as they are asked to. */
  logoutMilliseconds: 3_000,
  /** How long a portal that closes lets its commands run. */
  drainMilliseconds: 2_000,
  /** Read data of one command, and of one session, that waits for the client's socket. */
  dataInPerCommand: 512 * KiB,
  dataInPerSession: 8 * MiB,
  /** The most data that one sendDataIn carries on the direct path. */
  readSetLength: 256 * KiB,
} as const;

/** SCSI: what the device server accepts. */
export const ScsiLimits = {
  /** MAXIMUM TRANSFER LENGTH of Block Limits (SBC-3 6.6.4), in bytes. */
  maxTransferLength: 32 * MiB,
  /** A write is fetched and stored in segments of at most this many bytes. */
  writeSegmentLength: 1 * MiB,
  maxParameterListLength: 64 * KiB,
  maxCompareAndWriteBlocks: 255,
  /** Of one PRE-FETCH: what is beyond is not fetched. */
  maxPreFetchBytes: 32 * MiB,
  maxUnmapDescriptors: 256,
  maxUnmapBytes: 512 * MiB,
  maxWriteSameBytes: 4096 * MiB,
  maxTasksPerUnit: 8192,
  /** Of ended tasks of one unit, kept for the next of the same command. */
  spareTasksPerCommand: 128,
  unitAttentionsPerNexus: 16,
  /** How long a write waits for the proof that its initiator still holds the nexus, before it is answered BUSY. */
  proofMilliseconds: 2_000,
  /**
   * Places in which a unit that several nexuses use remembers who has accessed what last, 24 bytes each: of all units of a system, and
   * of each at the most and at the least.
   */
  accessHistoryPlaces: 1 << 20,
  mostPlacesPerUnit: 8192,
  fewestPlacesPerUnit: 256,
  /** An access of more than this many granules of 4 KiB counts as one of the whole unit. */
  longAccessGranules: 256,
  /** The tasks of a unit are looked at this often: the bounds below are so many looks. */
  lookMilliseconds: 1_000,
  /** What is free for units with a threshold is asked at every so many looks. */
  spaceLooks: 5,
  /** One call of a store: below the 30 s after which Linux gives up a command, so that its client hears of it first. */
  storeCallMilliseconds: 20_000,
  /** One call that flushes, unmaps or writes zeroes: below the 60 s that Linux gives to a flush. */
  longStoreCallMilliseconds: 50_000,
  /** A command waits for others in the task set. */
  waitingMilliseconds: 25_000,
  /** Initiators that went, and are told so by unit attention 29/07 when they come back. */
  lostNexusesPerUnit: 1024,
  /** A command that works on more than it can hold does so in pieces of this many bytes. */
  storePieceLength: 256 * KiB,
  maxLbaStatusDescriptors: 256,
  /** I_T nexuses with a registration at one unit: hosts x initiator ports x target ports. */
  maxRegistrants: 1024,
  /** What reservations that survive power loss take on disk, all of them. */
  savedReservationsBytes: 512 * KiB,
  /** REPORT IDENTIFYING INFORMATION (SPC-4 5.6): the identifier, and the text with the null that ends it. */
  maxIdentifierBytes: 64,
  maxIdentifyingTextBytes: 256,
  /** What both take on disk. */
  savedIdentifyingInformationBytes: 1 * KiB,
  /** Of the whole cluster: TARGET PORT COUNT of REPORT TARGET PORT GROUPS has one byte, and VPD page 88h 64 KiB. */
  maxTargetPorts: 255,
  /** What saved mode pages take on disk. */
  savedModePagesBytes: 1 * KiB,
  /** IMPLICIT TRANSITION TIME of REPORT TARGET PORT GROUPS (SPC-4 6.37), in seconds. */
  implicitTransitionSeconds: 10,
} as const;

/** Third-party copies (docs/decisions/0007-third-party-copy.md; times in milliseconds). */
export const CopyLimits = {
  /** What RECEIVE COPY OPERATING PARAMETERS and VPD page 8Fh announce. */
  maxCscdDescriptors: 16,
  maxSegmentDescriptors: 64,
  maxDescriptorListLength: 16 * 32 + 64 * 28,
  /** More than a segment can say: 65,535 blocks of 4 KiB. */
  maxSegmentLength: 256 * MiB,
  /** Of one nexus, and of all. */
  copiesPerNexus: 32,
  copies: 255,
  /** What is read and then written at a time, and how many of these one copy, and all together, have in memory. */
  pieceLength: 256 * KiB,
  piecesPerCopy: 4,
  pieces: 64,
  /** A unit is busy: it is asked again after so long. */
  retryMilliseconds: 100,
  /** A copy begins nothing more after so long, and ends with what it has done. */
  copyMilliseconds: 60_000,
  /** Results of ended copies of one nexus at one unit that may still be asked for. */
  heldResults: 16,
  /** ROD tokens: what VPD page 8Fh announces (times in seconds). */
  maxRangeDescriptors: 64,
  maxTokenBytes: 1024 * MiB,
  optimalTokenBytes: 64 * MiB,
  defaultTokenSeconds: 60,
  maxTokenSeconds: 600,
  /** Tokens of one unit that are neither used up nor expired. */
  tokensPerUnit: 256,
  /** Zeroes from a zero token are written in pieces of this many bytes. */
  zeroPieceLength: 16 * MiB,
} as const;

/** The interconnect (docs/interconnect.md; times in milliseconds). */
export const LinkLimits = {
  /** Read set: what one Data-In frame carries at the most; configurable within these. */
  readSetLength: 64 * KiB,
  minReadSetLength: 4 * KiB,
  maxReadSetLength: 1 * MiB,
  /** Read sets of one exchange on the way at a time. */
  readSetsPerExchange: 4,
  /** Read data of all exchanges of a link on the way at a time; a nexus holds no more of it than it leaves free. */
  dataInPerLink: 16 * MiB,
  /** What one frame carries at the most: MAX_PAYLOAD of wire/interconnect/frame.ts. */
  payloadLength: 1 * MiB,
  /** Write data that the owner has asked for and not yet stored, over all exchanges of a link. */
  dataOutPerLink: 16 * MiB,
  maxExchanges: 4096,
  /** Of ended exchanges of one link, what is kept at each end for the next ones. */
  spareExchanges: 512,
  maxNexuses: 4096,
  /** For a connection to come about: a kernel left alone tries again more and more rarely, for minutes. */
  connectMilliseconds: 3_000,
  handshakeMilliseconds: 5_000,
  /** Callers whose handshake is not over. */
  maxGreetings: 64,
  probeMilliseconds: 500,
  silenceMilliseconds: 2_000,
  reconnectMilliseconds: 250,
  maxReconnectMilliseconds: 2_000,
  /** Exchanges are looked at at every so many probes. */
  exchangeLookProbes: 20,
  /** Nothing has come of a command that was forwarded: the partner has forgotten it, for its own bounds are all below. */
  exchangeMilliseconds: 180_000,
  /** Probes whose times are kept. */
  rememberedProbes: 16,
  /** Slow, and steady again: that many times what is usual, but above (up to) so many ms, at so many probes in succession. */
  slowFactor: 8,
  slowMilliseconds: 50,
  slowProbes: 3,
  steadyFactor: 4,
  steadyMilliseconds: 25,
  steadyProbes: 10,
  /** What is usual rises by this part of the difference. */
  usualRise: 256,
} as const;

/** Sockets (times in milliseconds). */
export const StreamLimits = {
  keepAliveMilliseconds: 10_000,
  /** How long an ended stream waits for its peer to close too. */
  lingerMilliseconds: 5_000,
  /** For a TLS handshake, at either end; and how many connections a TLS listener has at a time. */
  tlsHandshakeMilliseconds: 5_000,
  maxTlsConnections: 128,
  /** How long the loop looks for more input before it sleeps, unless configured; and the most that can be (microseconds). */
  pollMicroseconds: 100,
  maxPollMicroseconds: 1_000,
  /** What one socket may bring before the others are looked at again. */
  bytesAtATime: 1 * MiB,
} as const;

/** Files and block devices: docs/decisions/0002-writes-on-the-loop.md (times in milliseconds). */
export const DiskLimits = {
  /** From this length on the kernel reads ahead for a read, in pieces that a busy device does not take at once. */
  longReadLength: 64 * KiB,
  /** Longer writes leave the loop, so as not to hold it up. */
  loopWriteLength: 1 * MiB,
  /** A write on the loop that took longer has waited for something: writes leave the loop for a while. */
  slowWriteMilliseconds: 4,
  restMilliseconds: 100,
  maxRestMilliseconds: 10_000,
  /** Files that are opened, or made, at a time when a system starts: a few thousand, each with its flushes. */
  opensAtATime: 32,
  /** Zeroes are written in pieces of this length where the medium can't make them by itself. */
  zeroPieceLength: 1 * MiB,
  /** Calls that io_uring takes in one turn of the loop without a further system call: a power of two. Twice as many may be under way. */
  ringSubmissions: 256,
} as const;

/** A clean stop (times in milliseconds). */
export const StopLimits = {
  /** For what partners run here to end. */
  interconnectMilliseconds: 2_000,
  /** For the stores: what runs there, and the last flush. With all else, below the 90 s after which systemd kills a service. */
  storesMilliseconds: 60_000,
} as const;

/** What all connections of a process receive into, one at a time. */
export const RECEIVE_BUFFER_BYTES = 256 * KiB;

/** Buffers that the pool keeps for reuse when they are not leased. */
export const POOL_KEEP_BYTES = 32 * MiB;
