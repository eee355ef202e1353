/** What has become of a command of a session. */
export const State = {
  idle: 0,
  /** Waits for the commands before it. */
  held: 1,
  running: 2,
  /** Has its result, and waits for the data that the initiator was allowed to send (RFC 7143 4.2.5.2). */
  resultHeld: 3,
  /** Answered or aborted; bytes of it may still be on their way. */
  over: 4,
} as const;
export type State = (typeof State)[keyof typeof State];
