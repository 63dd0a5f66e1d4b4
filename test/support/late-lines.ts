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

const RUNS_AGAIN = /^✗ \S+ failed: the functions do not answer\. Its schedule runs it again\.$/

/**
 * Returns the troubles that `npm start` reports, without those of a function that a busy machine left too little time: one that has
 * continued since, or that its schedule runs again.
 */
export function listTroubles(output: string): string[] {
  const troubles = output.split('\n').filter(line => line.includes('✗'))
  const late = troubles.flatMap(
    line => /^✗ (\S+): a partition waits: .* reason=out-of-time /.exec(line)?.[1] ?? [],
  )
  const passed = late.filter(name => output.includes(`\n✓ ${name} continues`))
  const isPassed = (line: string) =>
    passed.some(
      name =>
        line.startsWith(`✗ ${name} is stalled: it reported `) ||
        (line.startsWith(`✗ ${name}: `) && line.includes(' reason=out-of-time ')),
    )
  return troubles.filter(line => !isPassed(line) && !RUNS_AGAIN.test(line))
}
