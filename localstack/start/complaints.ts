/** Something in the log of the functions that the person at the terminal should see. */
export interface Complaint {
  readonly level: 'WARN' | 'ERROR' | 'CRITICAL'
  /** The function that it is about. */
  readonly service: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
  /** It goes on with the complaint before it: a further line of a reason. */
  readonly continues?: true
}

// serverless-offline puts a sign before what it takes for an error.
const FAILED_BATCH = /^(?:\S )?msk {2}(\S+) ← (\S+) {2}.* failed \((attempt \d+), again in \d+ ms\): (.*)$/
const FAILED_SCHEDULE = /^(?:\S )?Failed to execute scheduled function: \[(.+?)\] (?:Error: )*(.*)$/
/** An answer of the function, whose own log says why. */
const REPORTED = /^it reported /
const FURTHER_LINE = /^\s+(?!at )\S/

/** Finds complaints in a log that is given to it line by line. */
export class ComplaintReader {
  /** Whether indented lines belong to the complaint before them. */
  #isOpen = false

  read(line: string): Complaint | undefined {
    const failure = failureIn(line)
    if (failure) {
      this.#isOpen = true
      return failure
    }
    if (this.#isOpen && FURTHER_LINE.test(line))
      return { level: 'ERROR', service: '', message: line.trim(), details: {}, continues: true }
    this.#isOpen = false
    return loggedIn(line)
  }
}

/** What the framework says of a function that threw, as one does that cannot start: such a function logs nothing itself. */
function failureIn(line: string): Complaint | undefined {
  const [, name, topic, attempt, why] = FAILED_BATCH.exec(line) ?? []
  if (name !== undefined && why !== undefined) {
    if (REPORTED.test(why)) return undefined
    return error(name, `a batch of ${topic} failed (${attempt}): ${why}`)
  }
  const [, scheduled, reason] = FAILED_SCHEDULE.exec(line) ?? []
  return scheduled === undefined ? undefined : error(scheduled, `its scheduled run failed: ${reason}`)
}

function error(service: string, message: string): Complaint {
  return { level: 'ERROR', service, message, details: {} }
}

/** A structured log line of a function, if it is one that somebody should see. */
function loggedIn(line: string): Complaint | undefined {
  if (!line.startsWith('{"level":"')) return undefined
  try {
    const { level, service, message, timestamp: _, ...details } = JSON.parse(line)
    return ['WARN', 'ERROR', 'CRITICAL'].includes(level) ? { level, service, message, details } : undefined
  } catch {
    return undefined
  }
}
