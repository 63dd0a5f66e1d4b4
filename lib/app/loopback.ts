const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/

/** Returns whether a host is this machine itself, by a name that no name server decides. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host)
}
