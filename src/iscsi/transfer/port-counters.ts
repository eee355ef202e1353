/** What has gone through one target port since the process started. Bytes of data, without headers. */
export interface PortCounters {
  commandsReceived: number;
  responsesSent: number;
  bytesRead: number;
  bytesWritten: number;
}

export function newPortCounters(): PortCounters {
  return { commandsReceived: 0, responsesSent: 0, bytesRead: 0, bytesWritten: 0 };
}
