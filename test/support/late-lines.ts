/**
 * What the trigger and functions say of a batch that took too long, or that a server answered too late: true on a busy machine, and
 * no fault, since the batch is delivered again.
 */
const LATE =
  /: no answer for \d+ s$|: not committed, so it will be delivered again$|\(attempt \d+, retrying in \d+ ms\)|"reason":"(?:out-of-time|contended|store-unavailable|broker-unavailable)"|"kind":"outbox-not-trimmed"/

/** Returns the warnings and errors of functions and trigger, without those that only say that something took too long. */
export function listFaults(output: string): string[] {
  return output
    .split('\n')
    .filter(line => /^Warning|^Error|"level":"(?:WARN|ERROR|CRITICAL)"/.test(line) && !LATE.test(line))
}
