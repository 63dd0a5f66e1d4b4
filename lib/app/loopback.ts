const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/

/** Returns whether a host is the local machine. Only names that need no name resolution count. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host)
}
