/**
 * Lines of the trigger and of functions about a batch that took too long, or a server that answered too late. They are true on a busy
 * machine, and no fault, since the batch is delivered again.
 */
const LATE =
  /: no answer for \d+ s$|: not committed, so it will be delivered again$|\(attempt \d+, retrying in \d+ ms\)|"reason":"(?:out-of-time|contended|store-unavailable|broker-unavailable)"|"kind":"outbox-not-trimmed"/

/** Returns the warnings and errors of functions and trigger, without those that only say that something took too long. */
export function listFaults(output: string): string[] {
  return output
    .split('\n')
    .filter(line => /^Warning|^Error|"level":"(?:WARN|ERROR|CRITICAL)"/.test(line) && !LATE.test(line))
}

/** Reasons of stalls and failed runs for which a busy machine had too little time. */
export const TOO_LITTLE_TIME =
  /: (?:timeout: the handler took longer than \d+ ms|.*Lambda timeout|.*The coordinator is not aware of this member)/

const RUNS_AGAIN =
  /^✗ \S+ failed: (?:the functions do not answer|.*Lambda timeout)\. Its schedule runs it again\.$/

/**
 * Returns the troubles that `npm start` reports, without those of a function that a busy machine left too little time: one that has
 * continued since, or that its schedule runs again.
 */
export function listTroubles(output: string): string[] {
  const troubles = output.split('\n').filter(line => line.includes('✗'))
  const late = troubles.flatMap(
    line => /^✗ (\S+): a partition waits: .* reason=out-of-time /.exec(line)?.[1] ?? [],
  )
  const continues = (name: string) => output.includes(`\n✓ ${name} continues`)
  const isPassed = (line: string) => {
    const [, stalled = ''] = /^✗ (\S+) is stalled: /.exec(line) ?? []
    if (TOO_LITTLE_TIME.test(line) && continues(stalled)) return true
    return late.some(
      name =>
        continues(name) &&
        (line.startsWith(`✗ ${name} is stalled: it reported `) ||
          (line.startsWith(`✗ ${name}: `) && line.includes(' reason=out-of-time '))),
    )
  }
  return troubles.filter(line => !isPassed(line) && !RUNS_AGAIN.test(line))
}
