const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/

/** Returns whether a host name refers to the local machine. Only names that need no DNS lookup are recognised. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host)
}
