/** Runs of a command that are stored, so that a later run can continue or undo what an earlier one has left. */

export interface ResumableRun {
  /** Id of the operation. All runs of the operation have the same id. */
  readonly operation: string
  /**
   * Number of the run that currently works on the operation. It is higher than the numbers of all earlier runs, including those of
   * earlier operations. See `Fence`.
   */
  readonly attempt: number
}

/** A stored value that several commands update. */
interface Shared<T> {
  read(): Promise<T | undefined>
  /** Writes the result of `change`. If the value is changed concurrently, `change` is applied again to the new value. */
  update(change: (value: T | undefined) => T): Promise<T>
}

interface Registered<Own extends ResumableRun> {
  /** The unfinished operation; absent if none exists. */
  readonly underway?: Own
}

interface StoredRun<Own extends ResumableRun> extends Registered<Own> {
  /** Number of the last run. */
  readonly attempt?: number
}

export class ResumableRuns<Own extends ResumableRun> {
  readonly #value: Shared<StoredRun<Own>>
  readonly #nowMs: () => number

  constructor(value: Shared<StoredRun<Own>>, nowMs: () => number) {
    this.#value = value
    this.#nowMs = nowMs
  }

  async read(): Promise<Registered<Own>> {
    const { attempt: _, ...record } = (await this.#value.read()) ?? {}
    return record
  }

  /**
   * Begins an operation, or takes over the unfinished one. From then on, updates by its earlier runs are rejected.
   *
   * @param begin operation to begin if there is no unfinished one; undefined to begin none
   * @param mayTake returns true if the unfinished operation may be taken over; by default, any operation may be
   * @returns the unfinished operation after the call
   */
  async take(
    begin: Own | undefined,
    mayTake: (underway: Own) => boolean = () => true,
  ): Promise<Own | undefined> {
    const { underway } = await this.#update(record => {
      const { underway = begin } = record
      if (!underway || (record.underway && !mayTake(record.underway))) return record
      // If the store has lost the number of the last run, the current time is certainly higher than that number.
      const attempt = Math.max(this.#nowMs(), (record.attempt ?? 0) + 1)
      return { ...record, underway: { ...underway, attempt }, attempt }
    })
    return underway
  }

  /**
   * Updates the stored fields of the operation that a run works on.
   *
   * @returns true if the run still works on the operation
   */
  async note(own: ResumableRun, change: (underway: Own) => Own): Promise<boolean> {
    let isNoted = false
    await this.#update(record => {
      const { underway } = record
      if (!underway || !isSameRun(underway, own)) {
        isNoted = false
        return record
      }
      isNoted = true
      return { ...record, underway: change(underway) }
    })
    return isNoted
  }

  /** Removes an operation that is finished or was undone. */
  async end({ operation }: Pick<ResumableRun, 'operation'>): Promise<void> {
    await this.#update(record => {
      const { underway, ...others } = record
      return underway?.operation === operation ? others : record
    })
  }

  #update(change: (record: StoredRun<Own>) => StoredRun<Own>): Promise<StoredRun<Own>> {
    return this.#value.update(record => change(record ?? {}))
  }
}

function isSameRun(underway: ResumableRun, { operation, attempt }: ResumableRun): boolean {
  return underway.operation === operation && underway.attempt === attempt
}
