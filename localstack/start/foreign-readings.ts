/** Recognizes readings of other applications, for which simulated readings step back. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { computeSum } from '../../lib/support/count.ts'
import { ownRecordsDir } from '../../scripts/own-records.ts'

/** Number of records of others after which simulated readings step back. */
const STEP_BACK_AFTER = 10
/** Number of looks at a topic before records in it are counted. */
const FIRST_LOOKS = 5

/** Counts the records in topics that no program of this project has sent. */
export class ForeignReadings {
  readonly #folder: string
  readonly #topics = new Map<string, ForeignRecords>()

  constructor(dataDir: string) {
    this.#folder = ownRecordsDir(dataDir)
    mkdirSync(this.#folder, { recursive: true })
  }

  /**
   * Returns true if enough records of others have arrived in the topics together, since the first calls with a topic.
   *
   * @param ends sum of the end offsets of each topic, read before this call
   */
  isEnough(ends: ReadonlyMap<string, number>): boolean {
    const counts: number[] = []
    for (const [topic, end] of ends) {
      const counted = this.#topics.get(topic) ?? new ForeignRecords(join(this.#folder, topic))
      this.#topics.set(topic, counted)
      counts.push(counted.count(end))
    }
    return computeSum(counts) >= STEP_BACK_AFTER
  }

  /** Begins again, because records whose requests have failed were counted as sent. */
  restart(): void {
    this.close()
    this.#topics.clear()
  }

  close(): void {
    for (const counted of this.#topics.values()) counted.close()
  }
}

/** Counts the records of others in one topic. Its file receives the counts of sent records. */
class ForeignRecords {
  readonly #path: string
  readonly #file: number
  #own = 0
  #looks = 0
  /** Records before the count began. */
  #before = Number.NEGATIVE_INFINITY

  constructor(path: string) {
    writeFileSync(path, '')
    this.#path = path
    this.#file = openSync(path, 'r')
  }

  count(end: number): number {
    // With a file descriptor, only what was appended since the last call is read.
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) this.#own += Number(line)
    const others = end - this.#own
    // Records that are being sent are missing in the topic. It is unlikely that some are each time.
    if (this.#looks++ < FIRST_LOOKS) this.#before = Math.max(this.#before, others)
    return others - this.#before
  }

  close(): void {
    closeSync(this.#file)
    rmSync(this.#path, { force: true })
  }
}
